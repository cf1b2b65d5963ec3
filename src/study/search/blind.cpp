#include "study/search/blind.h"

#include <cmath>

#include "base/error.h"
#include "base/parallel.h"
#include "base/stopwatch.h"
#include "ckks/wire.h"
#include "compile/compile.h"
#include "compile/score_layer.h"
#include "message/messages.h"
#include "nn/features.h"
#include "owner/owner.h"
#include "runtime/server.h"
#include "study/search/vectors.h"

namespace obscura::study {
namespace {

/// Of a score over the bound on the largest: several neighbours of a picture are as near as 2^-15 to each other.
constexpr double kRelativeError = 0x1p-20;
/// Deviations that no error exceeds, of what is there and of what is added when it is read.
constexpr double kBound = 50;

/// The part of the network whose output is compared, by length alone another than a vector of the gallery.
nn::Graph compared(const nn::Graph& network, const search::GalleryForm& form) {
  const auto refuse = [](const std::string& what) {
    throw UnsupportedError(
        "mode blind compares what the network says as it is, but the gallery has " + what +
        ": index it with --vectors output or features, without --codes, or use --mode blind-features");
  };
  if (form.kind != search::VectorKind::unit) refuse("codes");
  if (form.recipe == kVectorsOfFeatures) return nn::features_of(network);
  if (form.recipe != kVectorsOfOutput) refuse("vectors of " + form.recipe);
  return network;
}

/// Every place's vector in terms of all that the network says, and behind them, row by row, its numbers alone.
std::vector<float> rows_of(const search::GalleryForm& form, const search::Gallery::Vectors& vectors,
                           std::size_t numbers) {
  const std::size_t dimension = form.dimension, places = vectors.taken.size();
  const auto& columns = form.selection.columns;
  const auto column = [&](std::size_t k) { return columns.empty() ? k : columns[k]; };
  std::vector<float> rows((places + dimension) * numbers, 0);
  for (std::size_t p = 0; p < places; ++p) {
    for (std::size_t k = 0; k < dimension; ++k) {
      rows[p * numbers + column(k)] = vectors.values[p * dimension + k];
    }
  }
  for (std::size_t k = 0; k < dimension; ++k) rows[(places + k) * numbers + column(k)] = 1;
  return rows;
}

/// A client and a server that share nothing but bytes.
class Blind {
 public:
  Blind(program::Program program, std::size_t places, std::size_t threads)
      : server_(std::move(program), {threads}), owner_(server_.client()), pool_(threads), places_(places) {
    ckks::Bytes keys;
    const auto sink = [&](std::span<const std::uint8_t> some) { keys.insert(keys.end(), some.begin(), some.end()); };
    owner_.write_evaluation_keys(sink, &pool_);
    key_bytes_ = keys.size();
    server_.add_keys(keys, "the client's keys");
  }

  std::size_t key_bytes() const { return key_bytes_; }

  QueryDistances ask(std::span<const float> picture) {
    QueryDistances out;
    Stopwatch watch;
    const std::vector<std::vector<float>> pictures{{picture.begin(), picture.end()}};
    const auto query = owner_.encrypt(pictures, &pool_);
    out.sent = message::write_query(*owner_.context(), query);
    out.client_seconds += watch.lap();
    const auto answer = server_.answer(out.sent);
    out.server_seconds += watch.lap();
    const auto read = message::read_answer(*owner_.context(), owner_.client().program, answer);
    const auto said = owner_.decrypt(read, message::ticket_of(query), &pool_).front();
    out.distances = blind_distances(said, places_);
    out.bound = blind_bound(said, places_, owner_.client().logit_error);
    out.client_seconds += watch.lap();
    out.query_bytes = out.sent.size(), out.reply_bytes = answer.size();
    return out;
  }

 private:
  runtime::Server server_;
  owner::Owner owner_;
  ThreadPool pool_;
  std::size_t places_;
  std::size_t key_bytes_ = 0;
};

/// Of the picture's vector, which stands behind the scores.
double length_behind(std::span<const double> said, std::size_t places) {
  double squares = 0;
  for (const double v : said.subspan(places)) squares += v * v;
  const double length = std::sqrt(squares);
  if (length == 0) throw MismatchError("the network says nothing of the picture: its vector is zero");
  return length;
}

}  // namespace

std::vector<float> blind_distances(std::span<const double> said, std::size_t places) {
  const double length = length_behind(said, places);
  std::vector<float> distances;
  for (std::size_t p = 0; p < places; ++p) distances.push_back(static_cast<float>(1 - said[p] / length));
  return distances;
}

double blind_bound(std::span<const double> said, std::size_t places, double logit_error) {
  return kBound * logit_error / length_behind(said, places);
}

program::Program blind_program(const nn::Graph& network, const search::GalleryForm& form,
                               const search::Gallery::Vectors& vectors, const std::string& name) {
  const nn::Graph embedding = compared(network, form);
  const std::size_t numbers = embedding.output_shape().size();
  auto scored = compile::with_scores(embedding, rows_of(form, vectors, numbers), numbers);
  scored.name = name;
  compile::CompileOptions options;
  options.relative_error = kRelativeError;
  return compile::compile(scored, options);
}

ScoreSource blind_source(const nn::Graph& network, const search::GalleryForm& form,
                         const search::Gallery::Vectors& vectors, std::size_t threads) {
  const Stopwatch watch;
  auto program = blind_program(network, form, vectors, network.name);
  const auto blind = std::make_shared<Blind>(std::move(program), vectors.taken.size(), threads);
  ScoreSource source;
  source.ask = [blind](std::span<const float> picture) { return blind->ask(picture); };
  source.key_bytes = blind->key_bytes();
  source.prepare_seconds = watch.seconds();
  return source;
}

}  // namespace obscura::study
