// Keys and protected images as files, from hands that nobody trusts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <sys/stat.h>
#include <unistd.h>
#include <limits>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "shield/calibration.h"
#include "shield/container.h"
#include "shield/support.h"

namespace obscura::shield {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const Parameters kLe{"le", 4, Arithmetic::modular};
const Parameters kHill{"hill", 4, Arithmetic::real};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("no '" + from + "' in the text");
  return text.replace(at, from.size(), to);
}

Label label_of(const Parameters& p, const Protected& hidden, std::uint8_t seed) {
  return {p, fingerprint(test_seed(seed)), std::nullopt, hidden.height, hidden.width};
}

std::vector<std::uint8_t> file_of(const Parameters& p, const image::Image& image) {
  const Protected hidden = make_shield(p, test_seed(1))->protect(image);
  return encode(label_of(p, hidden, 1), hidden.picture);
}

TEST(KeyFile, ThereAndBack) {
  for (const Parameters& p : all_parameters()) {
    const Key key = make_key(p);
    const Key back = parse_key(key_text(key), "k");
    EXPECT_EQ(back.parameters, p);
    EXPECT_EQ(back.seed, key.seed);
  }
  EXPECT_NE(make_key(kLe).seed, make_key(kLe).seed);
}

TEST(KeyFile, HostileOnesAreOneClearLine) {
  const std::string good = key_text({kHill, test_seed(1), {}});
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "is no key"},
      {"[]", "is no key"},
      {"{}", "is no key"},
      {std::string(100000, '['), "is no key"},
      {good.substr(0, good.size() / 2), "is no key"},
      {replaced(good, "obscura shield key", "something"), "is no key"},
      {replaced(good, "\"version\": 1", "\"version\": 2"), "version"},
      {replaced(good, "\"hill\"", "\"caesar\""), "caesar"},
      {replaced(good, "\"hill\"", "7"), "no text"},
      {replaced(good, "\"hill\"", "\"le\""), "modular"},
      {replaced(good, "\"block\": 4", "\"block\": 99"), "blocks"},
      {replaced(good, "\"block\": 4", "\"block\": -4"), "no size"},
      {replaced(good, "\"block\": 4", "\"block\": 4.5"), "no size"},
      {replaced(good, "\"block\": 4", "\"block\": 18446744073709551615"), "no size"},
      {replaced(good, "\"block\": 4", "\"black\": 4"), "black"},
      {replaced(good, "\"real\"", "\"imaginary\""), "arithmetic"},
      {replaced(good, to_hex(test_seed(1)), "12"), "hexadecimal"},
      {replaced(good, to_hex(test_seed(1)), std::string(64, 'x')), "hexadecimal"},
      {replaced(good, "\"seed\"", "\"matrices\": [], \"seed\""), "either"},
  };
  for (const auto& [text, problem] : bad) {
    try {
      parse_key(text, "key.json");
      FAIL() << text.substr(0, 200);
    } catch (const FormatError& e) {
      EXPECT_THAT(e.what(), testing::AllOf(HasSubstr("key.json"), HasSubstr(problem)));
      EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    }
  }
}

Parameters network(Statistics statistics = Statistics::frozen) {
  return {"neuracrypt", 4, Arithmetic::real, 2, 3, 1, statistics};
}

TEST(KeyFile, NetworksThereAndBack) {
  for (const Statistics statistics : {Statistics::frozen, Statistics::instance, Statistics::batch}) {
    for (const int depth : {-1, 2}) {
      Parameters p = network(statistics);
      p.depth = depth;
      const Key key = make_key(p);
      const Key back = parse_key(key_text(key), "k");
      EXPECT_EQ(back.parameters, key.parameters);
      EXPECT_EQ(back.seed, key.seed);
      EXPECT_EQ(back.statistics, key.statistics) << "not the same bits";
      EXPECT_EQ(back.statistics.size(), depth == 2 && statistics == Statistics::frozen ? 2U : 0U);
      EXPECT_EQ(make_shield(back)->protect(noise(1, 9, 9)), make_shield(key)->protect(noise(1, 9, 9)));
    }
  }
}

TEST(KeyFile, HostileNetworksAreOneClearLine) {
  const Key key{complete(network()), test_seed(1), {}, calibrate(network(), test_seed(1))};
  const std::string good = key_text(key),
                    instance = key_text({complete(network(Statistics::instance)), test_seed(1), {}});
  const auto with = [&](const auto& change) {
    auto json = nlohmann::ordered_json::parse(good);
    change(json);
    return json.dump();
  };
  using Json = nlohmann::ordered_json;
  const std::vector<std::pair<std::string, std::string>> bad = {
      {replaced(good, "\"depth\": 2", "\"depth\": 0"), "no size"},
      {replaced(good, "\"depth\": 2", "\"depth\": 2.5"), "no size"},
      {replaced(good, "\"depth\": 2", "\"depth\": -2"), "no size"},
      {replaced(good, "\"depth\": 2", "\"depth\": 65"), "depth"},
      {replaced(good, "\"depth\": 2", "\"depth\": 4294967298"), "no size"},
      {replaced(good, "\"depth\": 2", "\"depth\": 18446744073709551615"), "no size"},
      {replaced(good, "\"depth\": 2", "\"deep\": 2"), "deep"},
      {replaced(good, "\"depth\": 2", "\"depth\": 3"), "3 layers"},
      {replaced(good, "\"depth\": 2", "\"depth\": -1"), "does not freeze"},
      {replaced(good, "\"hidden\": 3", "\"hidden\": 4"), "4 a layer"},
      {replaced(good, "\"hidden\": 3", "\"hidden\": -1"), "below 0"},
      {replaced(good, "\"hidden\": 3", "\"hidden\": 9000"), "8192"},
      {replaced(good, "\"hidden\": 3", "\"hidden\": 1e300"), "no size"},
      {replaced(good, "\"channels\": 1", "\"channels\": 2"), "channels"},
      {replaced(good, "\"channels\": 1", "\"channels\": \"x\""), "no size"},
      {replaced(good, "\"block\": 4", "\"block\": 40"), "blocks"},
      {replaced(good, "\"real\"", "\"modular\""), "real"},
      {replaced(good, "\"frozen\"", "\"melted\""), "melted"},
      {replaced(good, "\"frozen\"", "\"batch\""), "does not freeze"},
      {replaced(instance, "\"instance\"", "\"frozen\""), "means"},
      {with([](Json& j) { j["means"] = 7; }), "layers"},
      {with([](Json& j) { j["means"].push_back(j["means"][0]); }), "layers"},
      {with([](Json& j) { j["means"][1] = "x"; }), "a layer"},
      {with([](Json& j) { j["variances"][1].push_back(1); }), "a layer"},
      {with([](Json& j) { j["variances"][1][0] = "x"; }), "statistic"},
      {with([](Json& j) { j["variances"][1][0] = 1e30; }), "statistic"},
      {with([](Json& j) { j["variances"][1][0] = -1e-3; }), "variance"},
      {with([](Json& j) { j.erase("variances"); }), "variances"},
      {with([](Json& j) { j["hidden"] = 8192, j["depth"] = 64; }), "weights"},
      {replaced(key_text({kLe, test_seed(1), {}}), "\"block\"", "\"depth\": 4, \"block\""), "depth"},
  };
  for (const auto& [text, problem] : bad) {
    try {
      parse_key(text, "key.json");
      FAIL() << text.substr(0, 400);
    } catch (const FormatError& e) {
      EXPECT_THAT(e.what(), testing::AllOf(HasSubstr("key.json"), HasSubstr(problem)));
      EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    }
  }
}

TEST(KeyFile, MatricesFromElsewhere) {
  Key key{{"hill", 2, Arithmetic::real}, {}, {}};
  const std::vector<double> fine = {1, 0, 0, 0, 0, 1, 0.5, 0, 0, 0, 1, 0, 0, 0, 0, -1};
  key.matrices = {fine, fine, fine};
  const Key back = parse_key(key_text(key), "k");
  EXPECT_EQ(back.matrices, key.matrices);
  const image::Image image = noise(3, 6, 6);
  EXPECT_EQ(make_shield(back)->reveal(make_shield(key)->protect(image)), image);
  EXPECT_THROW(make_shield(back, Nonce{}), UnsupportedError);

  Key singular = key;
  singular.matrices[1] = std::vector<double>(16, 1);
  EXPECT_THROW(parse_key(key_text(singular), "k"), ParameterError);
  Key small = key;
  small.matrices[1].pop_back();
  EXPECT_THROW(parse_key(key_text(small), "k"), ParameterError);
  Key few = key;
  few.matrices.pop_back();
  EXPECT_THROW(parse_key(key_text(few), "k"), ParameterError);
  EXPECT_THROW(parse_key(replaced(key_text(key), "0.5", "1e300"), "k"), FormatError);
  EXPECT_THROW(parse_key(replaced(key_text(key), "0.5", "\"x\""), "k"), FormatError);
  EXPECT_THROW(parse_key(replaced(key_text(key), "\"real\"", "\"modular\""), "k"), FormatError);
  EXPECT_THROW(parse_key(replaced(key_text(key), "\"matrices\": [", "\"matrices\": [7,"), "k"), FormatError);
}

TEST(KeyFile, IsItsOwnersAndNeverReplaced) {
  const fs::path path = fs::temp_directory_path() / ("obscura-key-" + std::to_string(::getpid()) + ".json");
  write_key(path, {kLe, test_seed(1), {}});
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600);
  EXPECT_EQ(read_key(path).seed, test_seed(1));
  EXPECT_THROW(write_key(path, {kLe, test_seed(2), {}}), IoError);
  EXPECT_EQ(read_key(path).seed, test_seed(1));
  fs::remove(path);
  EXPECT_THROW(read_key(path), IoError);
}

TEST(ProtectedFile, ThereAndBack) {
  for (const Parameters& p : all_parameters()) {
    const image::Image image = noise(3, 13, 21);
    const Key key{p, test_seed(1), {}};
    for (const bool own : {false, true}) {
      const Nonce nonce = {3, 1, 4};
      const auto shield = own ? make_shield(key, nonce) : make_shield(key);
      const Protected hidden = shield->protect(image);
      Label label = label_of(p, hidden, 1);
      if (own) label.nonce = nonce;
      const Labelled back = decode(encode(label, hidden.picture), "f");
      ASSERT_TRUE(back.label);
      EXPECT_EQ(*back.label, label);
      EXPECT_EQ(back.picture, hidden.picture);
      EXPECT_EQ(reveal(key, *make_shield(key), back, "f"), image) << text_of(p);
    }
  }
}

TEST(ProtectedFile, NetworksThereAndBack) {
  for (const Parameters& wanted : {network(), Parameters{"color-neuracrypt", 4, Arithmetic::real, -1}}) {
    const Parameters p = complete(wanted);
    const auto shield = make_shield(p, test_seed(1));
    const Protected hidden = shield->protect(noise(p.channels, 9, 17));
    const auto bytes = encode(label_of(p, hidden, 1), hidden.picture);
    const Labelled back = decode(bytes, "f");
    ASSERT_TRUE(back.label);
    EXPECT_EQ(back.label->parameters, p);
    EXPECT_EQ(back.picture, hidden.picture);
    EXPECT_THROW(reveal({p, test_seed(1), {}}, *shield, back, "f"), MismatchError);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
      auto bad = bytes;
      bad[at] ^= 0x40;
      EXPECT_THROW(decode(bad, "f"), FormatError) << at;
    }
  }
}

TEST(ProtectedFile, AnotherKeyOrShieldIsNamed) {
  const Labelled file = decode(file_of(kLe, noise(3, 8, 8)), "f");
  const auto refusal = [&](const Key& key) {
    try {
      reveal(key, *make_shield(key), file, "f.png");
    } catch (const MismatchError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal({kLe, test_seed(1), {}}), "");
  EXPECT_THAT(refusal({kLe, test_seed(2), {}}), HasSubstr("another key"));
  EXPECT_THAT(refusal({{"ele", 4, Arithmetic::modular}, test_seed(1), {}}), HasSubstr("made by le"));
  EXPECT_THAT(refusal({{"le", 8, Arithmetic::modular}, test_seed(1), {}}), HasSubstr("blocks of 4"));
}

TEST(ProtectedFile, WithoutALabelIsAsLargeAsItsOriginal) {
  const image::Image image = noise(3, 8, 12);
  const Key key{kLe, test_seed(1), {}};
  const auto shield = make_shield(key);
  const auto png = image::encode_png(std::get<image::Image>(shield->protect(image).picture));
  const Labelled file = decode(png, "f");
  EXPECT_FALSE(file.label);
  EXPECT_EQ(reveal(key, *shield, file, "f"), image);
  EXPECT_THROW(reveal({kHill, test_seed(1), {}}, *make_shield(kHill, test_seed(1)), file, "f"), MismatchError);
}

TEST(ProtectedFile, DamageIsFound) {
  const auto good = file_of(kHill, noise(3, 8, 8));
  for (std::size_t n = 0; n < good.size(); n += 7) {
    EXPECT_THROW(decode(std::span(good).first(n), "f"), FormatError) << n;
  }
  for (std::size_t at = 0; at < good.size(); at += 3) {
    auto bad = good;
    bad[at] ^= 0x40;
    EXPECT_THROW(decode(bad, "f"), FormatError) << at;
  }
  auto longer = good;
  longer.push_back(0);
  EXPECT_THROW(decode(longer, "f"), FormatError);
}

// Found by fuzzing: a number that no type holds was converted all the same.
TEST(ProtectedFile, LabelsWithNumbersThatCannotBe) {
  const image::Image image = noise(3, 8, 8);
  const Protected hidden = make_shield({kLe, test_seed(1), {}})->protect(image);
  const auto bytes = encode(label_of(kLe, hidden, 1), hidden.picture);
  const std::string text(bytes.begin(), bytes.end());
  for (const char* number : {"3e19", "-8", "8.5", "99999999999999999999", "8589934600", "null"}) {
    const std::string from = "\"width\":8", to = std::string("\"width\":") + number;
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos);
    // The chunk around the label: its length before the type, its checksum behind the text.
    const std::size_t chunk = text.find("tEXt") - 4, end = text.find('}', at) + 1;
    std::string body =
        text.substr(chunk + 4, at - chunk - 4) + to + text.substr(at + from.size(), end - at - from.size());
    const auto big = [](std::size_t v) {
      std::string out;
      for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(v >> shift & 0xff);
      return out;
    };
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
    const std::string made = text.substr(0, chunk) + big(body.size() - 4) + body + big(sum) + text.substr(end + 4);
    EXPECT_THROW(decode(std::vector<std::uint8_t>(made.begin(), made.end()), "f"), FormatError) << number;
  }
}

TEST(ProtectedFile, ViewsOfWhatIsNoNumber) {
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN(), kEndless = std::numeric_limits<float>::infinity();
  for (const std::vector<float>& values :
       {std::vector<float>{kNone, 1, 2, 3}, {1, kNone, 2, 3}, {kEndless, 1, -kEndless, 2}}) {
    EXPECT_EQ(view({1, 2, 2, values}).pixels.size(), 4u);
  }
}

TEST(ProtectedFile, PngDamageIsFound) {
  const auto good = file_of(kLe, noise(3, 8, 8));
  for (std::size_t at = 8; at < good.size(); at += 5) {
    auto bad = good;
    bad[at] ^= 0x40;
    EXPECT_THROW(decode(bad, "f"), FormatError) << at;
  }
}

TEST(ProtectedFile, ViewsSpreadTheRange) {
  const auto hidden = make_shield(kHill, test_seed(1))->protect(scene(32, 32));
  const image::Image shown = view(std::get<RealImage>(hidden.picture));
  EXPECT_EQ(*std::min_element(shown.pixels.begin(), shown.pixels.end()), 0);
  EXPECT_EQ(*std::max_element(shown.pixels.begin(), shown.pixels.end()), 255);
  EXPECT_EQ(view(RealImage{1, 2, 2, {3, 3, 3, 3}}).pixels, std::vector<std::uint8_t>(4));
  // Seven channels of 1 x 2 pixels: four are tiles, two by two.
  RealImage many{7, 1, 2, std::vector<float>(14, 2.0F)};
  for (std::size_t i = 0; i < 8; ++i) many.values[i] = i % 3 == 0 ? 1.0F : 2.0F;
  many.values[2] = 0;
  const image::Image tiles = view(many);
  EXPECT_EQ(tiles.height, 2U);
  EXPECT_EQ(tiles.width, 4U);
  EXPECT_EQ(tiles.pixels, (std::vector<std::uint8_t>{128, 255, 0, 128, 255, 255, 128, 255}));
}

}  // namespace
}  // namespace obscura::shield
