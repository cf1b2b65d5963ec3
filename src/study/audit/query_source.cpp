#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "audit/randomness/residue_bits.h"
#include "base/error.h"
#include "ckks/encoder.h"
#include "nn/onnx_read.h"
#include "owner/owner.h"
#include "study/audit/bit_source.h"
#include "study/compile_network.h"
#include "study/images/labelled_images.h"
#include "study/images/query_images.h"

namespace obscura::study {
namespace {

using randomness::BitSequence;

constexpr std::size_t kMostPictures = 1000;

enum class Part { c0, c1, encoded, pictures };

struct Stream {
  const char* name;
  Part part;
  bool ntt;
  const char* what;
};

constexpr Stream kStreams[] = {
    {"c0", Part::c0, false, "c0 of fresh ciphertexts, coefficients"},
    {"c0-ntt", Part::c0, true, "c0 of fresh ciphertexts, NTT form, as it travels"},
    {"c1", Part::c1, false, "c1 of fresh ciphertexts, expanded from the seed that travels, coefficients"},
    {"c1-ntt", Part::c1, true, "c1 of fresh ciphertexts, expanded from the seed that travels, NTT form"},
    {"encoded", Part::encoded, false, "CONTROL: pictures encoded but not encrypted, coefficients"},
    {"encoded-ntt", Part::encoded, true, "CONTROL: pictures encoded but not encrypted, NTT form"},
    {"pictures", Part::pictures, false, "CONTROL: pixels of the pictures, a byte each"},
};

/// What all streams of a network share. Immutable.
struct Scene {
  nn::Graph graph;
  owner::Owner owner;
  image::Dataset pictures;
  std::size_t images = 0;  ///< of a stream; 0: no end
};

const Stream& find_stream(const std::string& name) {
  for (const Stream& s : kStreams) {
    if (s.name == name) return s;
  }
  throw UsageError(fmt::format("there is no stream '{}'; there are {}", name, fmt::join(stream_names(), ", ")));
}

void append_limbs(BitSequence& bits, const ckks::Context& context, ring::Polynomial poly, bool ntt) {
  for (std::size_t l = 0; l < poly.limbs(); ++l) {
    const ring::PrimeRing& ring = context.q(l);
    if (!ntt) ring.inverse(poly.limb(l));
    for (std::size_t i = 0; i < poly.degree(); ++i) randomness::append_residue(bits, poly.limb(l)[i], ring.value());
  }
}

/// The picture's values in the slots, as many as there are, at the level and scale of a query.
ring::Polynomial encoded(const Scene& scene, const std::vector<float>& values) {
  const auto& client = scene.owner.client();
  const ckks::Encoder encoder(scene.owner.context());
  std::vector<double> slots(values.begin(), values.end());
  slots.resize(std::min(slots.size(), client.slots()));
  return encoder.encode(slots, client.input_scale, client.input_limbs).poly;
}

void append_picture(BitSequence& bits, const Scene& scene, const Stream& stream, std::size_t picture) {
  if (stream.part == Part::pictures) {
    for (const auto byte : scene.pictures.pixels(picture)) bits.append(byte, 8);
    return;
  }
  const ckks::Context& context = *scene.owner.context();
  const std::vector<std::vector<float>> values{network_values(scene.pictures, picture, scene.graph)};
  if (stream.part == Part::encoded) return append_limbs(bits, context, encoded(scene, values[0]), stream.ntt);
  for (ckks::SeededCiphertext& one : scene.owner.encrypt(values).ciphertexts) {
    if (stream.part == Part::c0) {
      append_limbs(bits, context, std::move(one.c0), stream.ntt);
    } else {
      append_limbs(bits, context, std::move(ckks::expand(context, std::move(one)).parts[1]), stream.ntt);
    }
  }
}

BitSource stream_source(const std::shared_ptr<const Scene>& scene, const Stream& stream) {
  const bool residues = stream.part != Part::pictures;
  // Encrypted anew, a picture gives other bits; a control's would be the same again.
  const bool again = stream.part == Part::c0 || stream.part == Part::c1;
  return {
      stream.name,
      fmt::format("{}; {} pictures of {}{}", stream.what, scene->pictures.count, scene->pictures.name,
                  residues ? "; residues cut into ranges of 2^k, which gives uniform bits of uniform residues" : ""),
      [scene, &stream, again, next = std::size_t{0}](BitSequence& bits) mutable {
        const std::size_t count = scene->pictures.count, begun = bits.size();
        for (std::size_t tried = 0; tried < count && bits.size() == begun; ++tried, ++next) {
          if ((scene->images != 0 && next >= scene->images) || (!again && next >= count)) break;
          append_picture(bits, *scene, stream, next % count);
        }
        return bits.size() > begun;
      }};
}

}  // namespace

std::vector<std::string> stream_names() {
  std::vector<std::string> names;
  for (const Stream& s : kStreams) names.emplace_back(s.name);
  return names;
}

std::vector<BitSource> query_sources(const BitSourceOptions& o, const Notes& note) {
  if (o.streams.empty()) throw UsageError("--streams names no stream");
  for (const auto& name : o.streams) find_stream(name);
  nn::Graph graph = nn::read_onnx(o.network);
  const std::string set = o.dataset.empty() ? "samples" : o.dataset;
  const std::size_t most = o.images == 0 ? kMostPictures : std::min(o.images, kMostPictures);
  image::Dataset pictures = load_noted(set, image::Split::test, o.data, note, most);
  if (pictures.count == 0) throw ParameterError(set + " has no test pictures");
  const auto program = compile_network(graph, message::Mode::packed);
  // An owner does not move: it is made in its place.
  const std::shared_ptr<const Scene> scene(
      new Scene{std::move(graph), owner::Owner(program.client), std::move(pictures), o.images});
  std::vector<BitSource> sources;
  for (const auto& name : o.streams) sources.push_back(stream_source(scene, find_stream(name)));
  return sources;
}

}  // namespace obscura::study
