#include "shield/key.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "base/printable.h"
#include "shield/calibration.h"
#include "shield/hill.h"
#include "shield/neuracrypt.h"

namespace obscura::shield {
namespace {

using nlohmann::ordered_json;

constexpr const char* kFormat = "obscura shield key";
constexpr int kVersion = 1;
/// How sealed keys begin (secret/sealed_file.h, of a floor that is not under this one).
constexpr std::string_view kSealedMagic = "OBSEALED";
constexpr std::size_t kMaxBytes = std::size_t{1} << 24;  // three matrices for blocks of 16 take 4 MB

template <typename T>
std::vector<Square<T>> squares(const Key& key) {
  std::vector<Square<T>> out;
  for (const auto& values : key.matrices) {
    Square<T> matrix(key.parameters.block * key.parameters.block);
    if (values.size() != matrix.values.size()) {
      throw ParameterError("a Hill key for blocks of " + std::to_string(key.parameters.block) + " has matrices of " +
                           std::to_string(matrix.values.size()) + " numbers, not " + std::to_string(values.size()));
    }
    std::transform(values.begin(), values.end(), matrix.values.begin(), [](double v) { return static_cast<T>(v); });
    out.push_back(std::move(matrix));
  }
  return out;
}

/// Such keys have no seed; protected files still tell them apart.
Seed hash_of(const std::vector<std::vector<double>>& matrices) {
  ByteWriter bytes;
  for (const auto& values : matrices) {
    for (const double v : values) bytes.f64(v);
  }
  Seed out;
  crypto_generichash(out.data(), out.size(), bytes.bytes().data(), bytes.size(), nullptr, 0);
  return out;
}

/// A JSON object of a key whose every field is looked at.
class KeyReader {
 public:
  KeyReader(const std::string& text, const std::string& what)
      : what_(what), json_(ordered_json::parse(text, nullptr, false)) {
    if (!json_.is_object() || json_.value("format", ordered_json()) != kFormat) {
      throw FormatError(what_ + " is no key of a shield, or only a part of one");
    }
    if (field("version") != kVersion) fail("is of a version that this program does not know");
    constexpr std::array known = {"format", "version", "shield", "block", "arithmetic", "seed", "matrices"};
    constexpr std::array of_networks = {"depth", "hidden", "channels", "statistics", "means", "variances"};
    for (const auto& [name, value] : json_.items()) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const bool is_known = std::find(of_networks.begin(), of_networks.end(), name) != of_networks.end();
      if (!is_known) fail("has a field '" + name.substr(0, 40) + "' that this version does not know");
      const std::string shield = this->text("shield");
      if (!is_encoder(shield)) fail("has a field '" + name + "', which " + shield + " does not have");
    }
  }

  Key read() const {
    Key key;
    key.parameters = read_parameters();
    if (json_.contains("seed") == json_.contains("matrices")) fail("must have either a seed or matrices");
    if (json_.contains("seed")) {
      if (!from_hex(text("seed"), key.seed)) fail("has a seed that is not 64 hexadecimal digits");
      if (is_encoder(key.parameters.shield)) key.statistics = read_statistics(key.parameters);
      return key;
    }
    if (key.parameters.shield != "hill") fail("has matrices, which only hill has");
    key.matrices = read_matrices(key.parameters.arithmetic);
    key.seed = hash_of(key.matrices);
    return key;
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const { throw FormatError("the key " + what_ + " " + problem); }

  const ordered_json& field(const char* name) const {
    const auto found = json_.find(name);
    if (found == json_.end()) fail(std::string("has no field '") + name + "'");
    return *found;
  }

  std::string text(const char* name) const {
    if (!field(name).is_string()) fail(std::string("has a field '") + name + "' that is no text");
    return field(name).get<std::string>();
  }

  Parameters read_parameters() const {
    if (!field("block").is_number_unsigned() || field("block").get<std::uint64_t>() - 1 >= 1024) {
      fail("has a block that is no size");
    }
    const std::string arithmetic = text("arithmetic");
    if (arithmetic != "real" && arithmetic != "modular") fail("has an arithmetic that is neither real nor modular");
    try {
      Parameters p{text("shield"), field("block").get<std::size_t>(),
                   arithmetic == "real" ? Arithmetic::real : Arithmetic::modular};
      if (is_encoder(p.shield)) read_network(p);
      return complete(p);
    } catch (const UsageError& e) {  // nothing was wrong with the command line
      throw FormatError("the key " + what_ + " cannot be used: " + e.what());
    }
  }

  /// None of them is left out: what is usual may change, and a key must not.
  void read_network(Parameters& p) const {
    for (const char* name : {"depth", "hidden", "channels"}) {
      const ordered_json& value = field(name);
      const bool number = value.is_number_integer() && value.get<std::int64_t>() != 0 &&
                          std::abs(value.get<double>()) <= 65536 && (value > 0 || value == -1);
      if (!number) fail(std::string("has a field '") + name + "' that is no size");
    }
    if (field("hidden") < 0 || field("channels") < 0) fail("has layers or images of a size below 0");
    p.depth = field("depth").get<int>();
    p.hidden = field("hidden").get<std::size_t>();
    p.channels = field("channels").get<std::size_t>();
    p.statistics = parse_statistics(text("statistics"));
  }

  std::vector<float> read_floats(const ordered_json& list, std::size_t count) const {
    if (!list.is_array() || list.size() != count)
      fail("has statistics that are not " + std::to_string(count) + " a layer");
    std::vector<float> out;
    for (const auto& value : list) {
      if (!value.is_number() || !(std::abs(value.get<double>()) <= 1e6))
        fail("has a statistic that is no number, or too large");
      out.push_back(value.get<float>());
    }
    return out;
  }

  std::vector<LayerStatistics> read_statistics(const Parameters& p) const {
    if (p.statistics != Statistics::frozen || p.depth < 0) {
      if (json_.contains("means") || json_.contains("variances"))
        fail("has statistics of layers that it does not freeze");
      return {};
    }
    const ordered_json &means = field("means"), &variances = field("variances");
    for (const ordered_json* list : {&means, &variances}) {
      if (!list->is_array() || list->size() != static_cast<std::size_t>(p.depth)) {
        fail("has statistics that are not those of " + std::to_string(p.depth) + " layers");
      }
    }
    std::vector<LayerStatistics> out;
    for (std::size_t i = 0; i < means.size(); ++i) {
      out.push_back({read_floats(means[i], p.hidden), read_floats(variances[i], p.hidden)});
      for (const float v : out.back().variance) {
        if (v < 0) fail("has a variance below 0");
      }
    }
    return out;
  }

  double entry(const ordered_json& value, Arithmetic arithmetic) const {
    if (!value.is_number()) fail("has a matrix entry that is no number");
    const double v = value.get<double>();
    if (arithmetic == Arithmetic::real && !(std::abs(v) <= 1e6)) fail("has a matrix entry that is too large");
    if (arithmetic == Arithmetic::modular && !(v >= 0 && v <= 255 && v == std::floor(v))) {
      fail("has a matrix entry that is no whole number from 0 to 255");
    }
    return v;
  }

  std::vector<std::vector<double>> read_matrices(Arithmetic arithmetic) const {
    const ordered_json& list = field("matrices");
    if (!list.is_array()) fail("has matrices that are no list");
    std::vector<std::vector<double>> out;
    for (const auto& matrix : list) {
      if (!matrix.is_array()) fail("has a matrix that is no list of numbers");
      out.emplace_back();
      for (const auto& value : matrix) out.back().push_back(entry(value, arithmetic));
    }
    return out;
  }

  std::string what_;
  ordered_json json_;
};

}  // namespace

Key make_key(const Parameters& parameters, std::span<const image::Image> images) {
  return key_of_seed(parameters, ring::random_seed(), images);
}

Key key_of_seed(const Parameters& parameters, const Seed& seed, std::span<const image::Image> images) {
  Key key{complete(parameters), seed, {}, {}};
  key.statistics = calibrate(key.parameters, key.seed, images);
  return key;
}

std::unique_ptr<Shield> make_shield(const Key& key) {
  if (is_encoder(key.parameters.shield)) {
    return std::make_unique<NeuraCrypt>(complete(key.parameters), key.seed, key.statistics);
  }
  if (key.matrices.empty()) return make_shield(key.parameters, key.seed);
  const Parameters p = complete(key.parameters);
  if (p.arithmetic == Arithmetic::real) return std::make_unique<RealHill>(p, squares<double>(key));
  return std::make_unique<ModularHill>(p, squares<std::uint8_t>(key));
}

std::unique_ptr<Shield> make_shield(const Key& key, const Nonce& nonce) {
  if (!key.matrices.empty()) throw UnsupportedError("a key of given matrices has no keys of single images");
  return make_shield(key.parameters, image_seed(key.seed, nonce));
}

std::string to_string(Arithmetic arithmetic) {
  return arithmetic == Arithmetic::real ? "real" : "modular";
}

std::string to_string(Statistics statistics) {
  return statistics == Statistics::frozen ? "frozen" : statistics == Statistics::instance ? "instance" : "batch";
}

Statistics parse_statistics(const std::string& word) {
  for (const Statistics s : {Statistics::frozen, Statistics::instance, Statistics::batch}) {
    if (to_string(s) == word) return s;
  }
  throw UsageError("statistics are frozen, instance or batch, not '" + word.substr(0, 40) + "'");
}

std::string key_text(const Key& key) {
  ordered_json json = {{"format", kFormat},
                       {"version", kVersion},
                       {"shield", key.parameters.shield},
                       {"block", key.parameters.block},
                       {"arithmetic", to_string(key.parameters.arithmetic)}};
  if (key.matrices.empty()) {
    json["seed"] = to_hex(key.seed);
  } else {
    json["matrices"] = key.matrices;
  }
  if (!is_encoder(key.parameters.shield)) return json.dump(2) + "\n";
  json["depth"] = key.parameters.depth;
  json["hidden"] = key.parameters.hidden;
  json["channels"] = key.parameters.channels;
  json["statistics"] = to_string(key.parameters.statistics);
  for (const LayerStatistics& layer : key.statistics) {
    json["means"].push_back(layer.mean);
    json["variances"].push_back(layer.variance);
  }
  return json.dump(2) + "\n";
}

Key parse_key(const std::string& text, const std::string& what) {
  if (text.starts_with(kSealedMagic)) {
    throw FormatError(what + " is sealed with a passphrase, which is not given here");
  }
  const Key key = with_printable_errors([&] { return KeyReader(text, what).read(); });
  if (key.matrices.empty()) return key;
  try {
    make_shield(key);
  } catch (const ParameterError& e) {
    throw ParameterError("the key " + what + " cannot be used: " + e.what());
  }
  return key;
}

void write_key(const std::filesystem::path& path, const Key& key) {
  std::error_code ec;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, ec))) {
    throw IoError("there is a key " + path.string() + " already; without it what it protected could not be revealed");
  }
  const std::string text = key_text(key);
  write_secret_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

Key read_key(const std::filesystem::path& path) {
  const auto bytes = read_file(path, kMaxBytes);
  return parse_key({bytes.begin(), bytes.end()}, path.string());
}

}  // namespace obscura::shield
