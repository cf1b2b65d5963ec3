#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/console.h"
#include "cli/demo/demo_console.h"
#include "cli/demo/demo_text.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "image/digits.h"
#include "nn/reference.h"
#include "report/text.h"
#include "study/demo/input.h"
#include "study/demo/result.h"
#include "study/demo/session.h"
#include "study/shipped.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

/// Not the seed of the samples, so that the batch is of other digits than those shown.
constexpr std::uint64_t kBatchSeed = 1000;
constexpr const char* kPicture = "demo.png";

struct DemoArguments {
  std::size_t images = 5;
  std::size_t threads = 0;
  std::optional<std::size_t> batch;
  fs::path out = "obscura-demo";
  fs::path network;
  bool ascii = false;
  bool force = false;
  bool json = false;
};

/// Everything that the parts of the demo share.
class Demo {
 public:
  explicit Demo(const DemoArguments& arguments)
      : a_(arguments),
        text_(a_.json ? nullptr : stdout),
        step_(a_.json ? stderr : stdout),
        glyphs_(a_.ascii ? Glyphs::ascii : terminal_glyphs()),
        pool_(a_.threads) {}

  void run();

 private:
  template <typename... Arguments>
  void say(fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
    if (text_ == nullptr) return;
    fmt::print(text_, format, std::forward<Arguments>(arguments)...);
    std::fflush(text_);
  }
  void make_folder() const;
  void introduce(const fs::path& network) const;
  void show_images(const nn::Graph& graph);
  study::DemoShown classify(const study::DemoSession& session, const nn::Graph& graph, study::DemoDigit digit);
  void run_batch(const nn::Graph& graph);
  void judge() const;

  const DemoArguments& a_;
  std::FILE* text_;
  Steps step_;
  Glyphs glyphs_;
  ThreadPool pool_;
  std::optional<nn::Reference> reference_;
  study::DemoResult result_;
};

/// Before the work and not after it.
void Demo::make_folder() const {
  std::error_code ec;
  fs::create_directories(a_.out, ec);
  if (ec || !fs::is_directory(a_.out)) {
    throw IoError("cannot make the folder " + a_.out.string() + (ec ? ": " + ec.message() : ": it is a file"));
  }
  check_outputs({{a_.out / kPicture, study::FileKind::png}}, {a_.network}, a_.force);
  note_other_files(a_.out, {kPicture});
}

void Demo::introduce(const fs::path& network) const {
  say("Images classified by a server that cannot see them\n\n"
      "The owner encrypts each image; the server runs a neural network on the\n"
      "ciphertext; only the owner can read the answer. Both sides run here, in one\n"
      "program, but all that passes between them is bytes, and only the owner's side\n"
      "has the secret key.\n\n");
  say("{:<12}{}\n{:<12}{}\n\n", "Network", network.filename().string(), "Threads", pool_.threads());
}

study::DemoShown Demo::classify(const study::DemoSession& session, const nn::Graph& graph, study::DemoDigit digit) {
  const std::vector<std::vector<float>> inputs = {preprocess(digit.picture.pixels, graph.preprocessing)};
  study::DemoShown shown;
  shown.digit = std::move(digit);
  shown.exchange = session.exchange(inputs);
  shown.top = study::best_three(shown.exchange.logits.front());
  const std::vector<float> plain = reference_->run(inputs.front());
  shown.plain = study::best_class(std::vector<double>(plain.begin(), plain.end()));
  return shown;
}

void Demo::show_images(const nn::Graph& graph) {
  say("Getting ready for one image at a time\n");
  const study::DemoSession session(graph, message::Mode::packed, pool_, step_);
  result_.packed = {session.setup(), session.client().parameters};
  say("\n{:<12}{}\n", "Parameters", ckks::describe(result_.packed.parameters));
  say("{:<12}128 bits or more: this N allows log QP up to {} (ePrint 2024/463)\n", "Security",
      ckks::max_log_qp(result_.packed.parameters.log_degree, 128));
  say("{:<12}evaluation keys, {}\n\n", "Sent once", report::bytes_text(result_.packed.setup.key_bytes));
  say("{:<30}{:<30}{}\n", "the picture", "what the server saw", "the owner's answer");
  for (study::DemoDigit& digit : study::demo_digits(a_.images)) {
    result_.shown.push_back(classify(session, graph, std::move(digit)));
    say("{}\n", shown_text(result_.shown.back(), result_.classes, glyphs_));
  }
  say("What the server saw: bytes of the ciphertext, as many as the picture has pixels\n");
}

void Demo::run_batch(const nn::Graph& graph) {
  if (a_.batch == 0) return;
  say("\nGetting ready for many images at once, one a slot\n");
  const study::DemoSession session(graph, message::Mode::batched, pool_, step_);
  result_.batched = {session.setup(), session.client().parameters};
  const std::size_t count = a_.batch.value_or(session.client().images);
  image::Dataset set;
  std::vector<std::vector<float>> inputs(count);
  std::vector<float> together, plain;
  step_(fmt::format("drawing {} digits", grouped(count)), [&] { set = image::draw_digit_set(count, kBatchSeed); });
  for (std::size_t i = 0; i < count; ++i) {
    inputs[i] = preprocess(set.pixels(i), graph.preprocessing);
    together.insert(together.end(), inputs[i].begin(), inputs[i].end());
  }
  step_("the network on them in the clear, to compare with", [&] { plain = reference_->run(together); });
  say("\n{} images, {} a query\n", grouped(count), grouped(std::min(count, session.client().images)));
  result_.batch.images = count;
  for (std::size_t from = 0; from < count; from += session.client().images) {
    const std::size_t to = std::min(count, from + session.client().images), outputs = plain.size() / count;
    result_.batch.add(session.exchange(std::span(inputs).subspan(from, to - from), step_),
                      std::span(set.labels).subspan(from, to - from),
                      std::span(plain).subspan(from * outputs, (to - from) * outputs));
  }
  say("\n{}", batch_text(result_));
}

/// The demo has failed if encryption changed an answer.
void Demo::judge() const {
  const auto differ =
      std::count_if(result_.shown.begin(), result_.shown.end(), [](const auto& s) { return !s.agrees(); });
  if (differ != 0) {
    throw Error(fmt::format("{} of {} images were classified otherwise encrypted than in the clear", differ,
                            result_.shown.size()));
  }
}

void Demo::run() {
  const fs::path network = study::shipped_network(a_.network);
  const nn::Graph graph = study::read_digit_network(network);
  make_folder();
  reference_.emplace(graph);
  result_.network = network.filename().string();
  result_.classes = graph.preprocessing.classes;
  for (std::size_t k = result_.classes.size(); k < graph.output_shape().size(); ++k) {
    result_.classes.push_back(std::to_string(k));
  }
  result_.threads = pool_.threads();
  introduce(network);
  show_images(graph);
  result_.picture = a_.out / kPicture;
  image::write_png(result_.picture, image::draw_board(study::board_of(result_)));
  run_batch(graph);
  if (a_.json) {
    print_json(study::json_of(result_));
  } else {
    say("\nThe pictures, the bytes and the answers: {}\n", result_.picture.string());
  }
  judge();
}

}  // namespace

void add_demo_verb(CLI::App& verb) {
  const auto a = std::make_shared<DemoArguments>();
  verb.add_option("--network", a->network, "ONNX network for 28x28 digits (default: the one that ships)")
      ->group(kFiles);
  verb.add_option("--out", a->out, "Folder that demo.png is written to")->capture_default_str()->group(kOutput);
  verb.add_flag("--ascii", a->ascii, "Pictures in plain ASCII, as where the output is no UTF-8 terminal")
      ->group(kOutput);
  add_force(verb, a->force);
  add_json(verb, a->json);
  verb.add_option("--images", a->images, "How many images to show")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, image::kMaxBoardRows))
      ->group(kRun);
  verb.add_option("--batch", a->batch, "Images of the batched run; 0: none (default: one full query)")
      ->check(CLI::Range(0, 100000))
      ->group(kRun);
  add_threads(verb, a->threads);
  verb.callback([a] { Demo(*a).run(); });
}

}  // namespace obscura::cli
