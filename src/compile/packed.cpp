#include "compile/packed.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <span>
#include <utility>

#include "base/error.h"
#include "compile/packed_search.h"
#include "compile/widen.h"

namespace obscura::compile {
namespace {

using Steps = std::vector<std::int64_t>;

std::string layout_name(const PackedStage& stage, std::size_t slots) {
  std::string name(stage.output->gap > 1 ? "gaps" : stage.output->grid ? "grid" : "dense");
  if (stage.inputs.front().layout->windows) name.insert(0, "windows>");
  if (stage.inputs.front().copies > 1) name.append("/").append(std::to_string(stage.inputs.front().copies));
  const std::size_t count = stage.output->ciphertexts(slots);
  if (count > 1) name.append(" x").append(std::to_string(count));
  return name;
}

PackedStage made(Stage stage, PricedStage priced, const std::vector<std::shared_ptr<const Layout>>& values,
                 std::size_t slots, std::int64_t images) {
  PackedStage result;
  for (std::size_t k = 0; k < stage.terms.size(); ++k) {
    PackedStage::Input input{values[stage.terms[k].value], priced.copies[k], std::move(priced.spread[k])};
    for (Steps& group : input.spread) widen(group, images);
    result.inputs.push_back(std::move(input));
  }
  result.output = priced.output;
  result.unfolded = priced.unfolded;
  result.layout = layout_name(result, slots);
  result.method = priced.method;
  result.hoisted = std::move(priced.hoisted);
  result.blocks = std::move(priced.blocks);
  widen_plan(result.hoisted, images);
  widen_plan(result.blocks, images);
  result.fold = std::move(priced.fold);
  for (Steps& group : result.fold) widen(group, images);
  result.microseconds = priced.microseconds;
  result.key_megabytes = priced.key_megabytes;
  result.width = static_cast<std::size_t>(images);
  result.stage = std::move(stage);
  return result;
}

}  // namespace

namespace {

/// The most ciphertexts of one group of chunks, or of a picture taken as one.
constexpr std::size_t kMostGroupCiphertexts = 64;

/// A stage behind the merge as it is numbered by itself, value 0 being what is merged; a sum is read as what it is made
/// of, chunk by chunk.
Stage of_head(Stage stage, const program::Merge& merge, std::size_t width) {
  for (Term& term : stage.terms) {
    const bool reads_merged = term.value == merge.value;
    term.value -= merge.value;
    if (!reads_merged || merge.kind == program::Merge::Kind::concat) continue;
    program::AffineMap wide{term.map.columns * width, {}, std::move(term.map.bias)};
    for (const auto& row : term.map.rows) {
      program::AffineMap::Row all;
      for (std::size_t k = 0; k < width; ++k) {
        for (const auto& e : row) all.push_back({static_cast<std::uint32_t>(k * term.map.columns + e.column), e.value});
      }
      wide.rows.push_back(std::move(all));
    }
    term.map = std::move(wide);
    term.input = {term.map.columns, 1, 1};
    term.stride = {1, 1};
  }
  return stage;
}

/// Plans a run of stages with layouts of their own, and appends them to the program.
class Appender {
 public:
  Appender(const ckks::Context& context, const PackedOptions& options, Program& program)
      : context_(context), options_(options), program_(program) {
    program.packed.clear();
    program.microseconds = 0;
  }

  /// `stages` number their values from 0 on, which are value `first` on of the program. Returns the last one's factor.
  double append(std::vector<Stage> stages, std::size_t first, std::size_t width, bool last,
                std::shared_ptr<const Layout> input = nullptr) {
    const std::span schedule = std::span(program_.schedule.stages).subspan(first, stages.size());
    const std::size_t slots = context_.slots() / width;
    const auto& arranged = program_.arrangement;
    const std::size_t copies = arranged ? arranged->source.size() / arranged->picture.size() : 1;
    PackedChoice choice = search_layouts(stages, schedule, context_,
                                         {slots, last, options_.gaps, options_.windows, std::move(input), copies});
    std::vector<std::shared_ptr<const Layout>> values{choice.input};
    double factor = 1;
    for (std::size_t i = 0; i < stages.size(); ++i) {
      factor = choice.stages[i].factor;
      auto stage =
          made(std::move(stages[i]), std::move(choice.stages[i]), values, slots, static_cast<std::int64_t>(width));
      stage.schedule = schedule[i];
      for (Term& term : stage.stage.terms) term.value += first;
      values.push_back(stage.output);
      microseconds_ += stage.microseconds;
      program_.packed.push_back(std::move(stage));
    }
    input_ = values.front();
    output_ = values.back();
    return factor;
  }

  const std::shared_ptr<const Layout>& input() const { return input_; }
  const std::shared_ptr<const Layout>& output() const { return output_; }
  /// Of all that was appended since it was last asked for.
  double take_microseconds() { return std::exchange(microseconds_, 0); }

 private:
  const ckks::Context& context_;
  PackedOptions options_;
  Program& program_;
  std::shared_ptr<const Layout> input_, output_;
  double microseconds_ = 0;
};

/// Every place of a value of the picture that anything arranged of it has.
void take_arranged(ClientSpec& client, const program::Arrangement& arrangement, const Layout& layout) {
  std::vector<std::vector<std::uint32_t>> places(arrangement.picture.size());
  for (std::size_t i = 0; i < arrangement.source.size(); ++i) {
    auto& of = places[arrangement.source[i]];
    of.insert(of.end(), layout.places_of(i).begin(), layout.places_of(i).end());
  }
  client.input_slots.clear();
  client.input_begin = {0};
  for (auto& of : places) {
    std::ranges::sort(of);
    client.input_slots.insert(client.input_slots.end(), of.begin(), of.end());
    client.input_begin.push_back(static_cast<std::uint32_t>(client.input_slots.size()));
  }
  if (client.input_slots.size() == places.size()) client.input_begin.clear();
}

void take_input(ClientSpec& client, const std::optional<program::Arrangement>& arrangement, const Layout& layout) {
  client.period = layout.period;
  if (arrangement) return take_arranged(client, *arrangement, layout);
  client.input_slots = layout.windows ? layout.windows->places : layout.position;
  client.input_begin = layout.windows ? layout.windows->begin : std::vector<std::uint32_t>{};
}

}  // namespace

void plan_packed(program::StagedNetwork network, const ckks::Context& context, const PackedOptions& options,
                 Program& program) {
  const std::size_t width = options.width;
  ClientSpec& client = program.client;
  Appender appender(context, options, program);
  program.merge = network.merge;
  program.arrangement = network.arrangement;
  std::vector<Stage>& stages = network.stages;
  if (!network.merge) {
    client.images = width;
    client.output_factor = appender.append(std::move(stages), 0, width, true);
    take_input(client, network.arrangement, *appender.input());
    program.microseconds = appender.take_microseconds();
  } else {
    const program::Merge& merge = *network.merge;
    const auto border = static_cast<std::ptrdiff_t>(merge.value);
    client.images = 1;
    client.chunks->wide = width;
    const std::size_t groups = client.chunks->groups(merge.count);
    std::shared_ptr<const Layout> made_of_chunk;
    if (border == 0) {
      made_of_chunk = std::make_shared<Layout>(image_layout(client.unit(), context.slots() / width));
      take_input(client, network.arrangement, *made_of_chunk);
    } else {
      std::vector<Stage> trunk(std::make_move_iterator(stages.begin()),
                               std::make_move_iterator(stages.begin() + border));
      appender.append(std::move(trunk), 0, width, false);
      take_input(client, network.arrangement, *appender.input());
      made_of_chunk = appender.output();
    }
    program.microseconds = appender.take_microseconds() * static_cast<double>(groups);
    const bool concat = merge.kind == program::Merge::Kind::concat;
    Layout merged = merged_layout(*made_of_chunk, width, concat ? groups : 1, context.slots());
    // Places of chunks that there are not, behind the last, hold nothing that is read.
    if (concat) merged.position.resize(made_of_chunk->position.size() * merge.count);
    std::vector<Stage> head;
    for (auto stage = stages.begin() + border; stage != stages.end(); ++stage) {
      head.push_back(of_head(std::move(*stage), merge, width));
    }
    client.output_factor =
        appender.append(std::move(head), merge.value, 1, true, std::make_shared<const Layout>(std::move(merged)));
    program.microseconds += appender.take_microseconds();
  }
  client.output_slots = appender.output()->position;
  client.reply_gap = std::max<std::size_t>(context.slots() / client.images / appender.output()->period, 1);
}

std::size_t choose_width(const program::StagedNetwork& network, const ckks::Context& context, const Program& program) {
  const message::Chunked& chunks = *program.client.chunks;
  const std::size_t most = std::bit_ceil(network.merge->count);
  const std::size_t places = std::bit_ceil(chunks.cut.chunk().size());
  // One ciphertext a group, or the whole of what there is: several in between.
  const std::size_t narrow = std::clamp<std::size_t>(context.slots() / places, 1, most);
  const auto ciphertexts = [&](std::size_t width) {
    return std::max<std::size_t>(places * width / context.slots(), 1);
  };
  std::size_t best = 0;
  double best_time = 0;
  std::string problem;
  for (std::size_t width = chunks.policy == message::Policy::whole ? most : narrow; width <= most; width *= 2) {
    if (width > context.slots() / 2 || ciphertexts(width) > kMostGroupCiphertexts) break;
    if (chunks.policy == message::Policy::features && width > narrow) break;
    try {
      Program tried;
      tried.client = program.client;
      tried.schedule = program.schedule;
      plan_packed(network, context, {width}, tried);
      if (best != 0 && tried.microseconds >= best_time) break;
      best = width;
      best_time = tried.microseconds;
    } catch (const UnsupportedError& e) {
      problem = e.what();
    }
  }
  if (best != 0) return best;
  if (!problem.empty()) throw UnsupportedError(problem);
  throw UnsupportedError(std::to_string(network.merge->count) +
                         " chunks are too many to be encrypted as one picture: use "
                         "--policy all, which takes them group by group, or larger chunks");
}

void request_packed_keys(const ckks::Context& context, Program& program) {
  const std::size_t n = context.degree();
  for (const PackedStage& stage : program.packed) {
    const StageSchedule& s = stage.schedule;
    for (const auto& input : stage.inputs) {
      for (const auto& group : input.spread) {
        for (const std::int64_t step : group) program.client.keys.rotation(step, s.limbs, n);
      }
    }
    const auto rotations =
        stage.method == PackedStage::Method::hoisted ? stage.hoisted.rotations() : stage.blocks.rotations();
    for (const std::int64_t step : rotations) program.client.keys.rotation(step, s.limbs, n);
    for (const auto& group : stage.fold) {
      for (const std::int64_t step : group) program.client.keys.rotation(step, s.activation_limbs, n);
    }
    if (stage.stage.activation == Stage::Activation::none) continue;
    const bool late = stage.stage.activation == Stage::Activation::square && s.relinearize_after_rescale;
    program.client.keys.relinearisation(s.activation_limbs - (late ? s.rescales_after_activation : 0));
  }
}

}  // namespace obscura::compile
