#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "weights/weights.h"

namespace obscura::weights {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;
using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

void append(Bytes& bytes, const Bytes& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

struct ZipPart {
  std::string name;
  Bytes data;
  std::uint16_t method = 0;
  std::uint32_t size = 0;  ///< as claimed, when deflated
  std::uint32_t crc = 0;
};

ZipPart stored(const std::string& name, const Bytes& data) {
  return {name, data, 0, static_cast<std::uint32_t>(data.size()),
          static_cast<std::uint32_t>(crc32(0, data.data(), static_cast<uInt>(data.size())))};
}

ZipPart deflated(const std::string& name, const Bytes& data) {
  ZipPart part = stored(name, data);
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
  part.data.resize(deflateBound(&stream, data.size()));
  stream.next_in = const_cast<Bytef*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = part.data.data();
  stream.avail_out = static_cast<uInt>(part.data.size());
  deflate(&stream, Z_FINISH);
  part.data.resize(stream.total_out);
  deflateEnd(&stream);
  part.method = 8;
  return part;
}

void header(ByteWriter& out, const ZipPart& part) {
  for (const std::uint16_t v : {20, 0, int{part.method}, 0, 0}) out.u16(v);
  out.u32(part.crc);
  out.u32(static_cast<std::uint32_t>(part.data.size()));
  out.u32(part.size);
  out.u16(static_cast<std::uint16_t>(part.name.size()));
  out.u16(0);
}

Bytes zip(const std::vector<ZipPart>& parts) {
  ByteWriter out;
  std::vector<std::size_t> at;
  for (const ZipPart& part : parts) {
    at.push_back(out.size());
    out.u32(0x04034b50);
    header(out, part);
    out.raw(bytes_of(part.name));
    out.raw(part.data);
  }
  const std::size_t begin = out.size();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    out.u32(0x02014b50);
    out.u16(20);
    header(out, parts[i]);
    for (int k = 0; k < 5; ++k) out.u16(0);
    out.u32(static_cast<std::uint32_t>(at[i]));
    out.raw(bytes_of(parts[i].name));
  }
  const std::size_t size = out.size() - begin;
  out.u32(0x06054b50);
  out.u32(0);
  for (int k = 0; k < 2; ++k) out.u16(static_cast<std::uint16_t>(parts.size()));
  out.u32(static_cast<std::uint32_t>(size));
  out.u32(static_cast<std::uint32_t>(begin));
  out.u16(0);
  return out.take();
}

/// A state dict of one tensor "w" over a storage of 4 floats, as a text of opcodes.
std::string pickle(const std::string& offset, const std::string& sizes, const std::string& strides,
                   const std::string& count = "K\x04") {
  using namespace std::string_literals;
  return "\x80\x02}(X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n(("s + "X\x07\0\0\0storagectorch\nFloatStorage\n"s +
         "X\x01\0\0\0"s + "0X\x03\0\0\0cpu"s + count + "tQ" + offset + "(" + sizes + "t(" + strides + "t\x89}tRu.";
}

Bytes pth(const std::string& text) {
  return zip({stored("a/data.pkl", bytes_of(text)), stored("a/data/0", Bytes(16))});
}

Bytes safetensors(const std::string& text, std::size_t data) {
  ByteWriter out;
  out.u64(text.size());
  out.raw(bytes_of(text));
  out.raw(Bytes(data));
  return out.take();
}

Bytes npy(const std::string& text, std::size_t data) {
  Bytes bytes = bytes_of("\x93NUMPY\x01");
  append(bytes, {0, static_cast<std::uint8_t>(text.size()), static_cast<std::uint8_t>(text.size() >> 8)});
  append(bytes, bytes_of(text));
  append(bytes, Bytes(data));
  return bytes;
}

auto decoding(Bytes bytes) {
  return [bytes = std::move(bytes)] { decode_weights(bytes, "it"); };
}

auto refused(const std::string& part) {
  return ThrowsMessage<FormatError>(::testing::AllOf(HasSubstr("it"), HasSubstr(part), Not(HasSubstr("\n"))));
}

TEST(HostileWeights, TheCraftedFilesAreWholeToBeginWith) {
  using namespace std::string_literals;
  EXPECT_EQ(decode_weights(pth(pickle("K\0"s, "K\x02K\x02", "K\x02K\x01")), "it").tensors.at("w").values.size(), 4U);
  EXPECT_EQ(
      decode_weights(safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} )", 8), "it").tensors.size(),
      1U);
  const auto npz = zip({deflated("a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8))});
  EXPECT_EQ(decode_weights(npz, "it").tensors.at("a").values.size(), 2U);
}

class HostileFileTest : public ::testing::TestWithParam<std::string> {
 protected:
  Bytes file() const { return read_file(std::string(OBSCURA_SOURCE_DIR "/tests/weights/files/") + GetParam()); }
  /// Reads or refuses; true if it was read.
  static bool survives(std::span<const std::uint8_t> bytes) {
    try {
      for (const auto& [name, t] : decode_weights(bytes, "it").tensors) EXPECT_LT(t.values.size(), 1U << 24) << name;
      return true;
    } catch (const FormatError& e) {
      EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos) << e.what();
      return false;
    }
  }
};

TEST_P(HostileFileTest, IsRefusedAtEveryLengthButItsOwn) {
  const Bytes bytes = file();
  EXPECT_TRUE(survives(bytes));
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    // A copy of its own, so that a sanitizer sees a step beyond it.
    const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    EXPECT_FALSE(survives(part)) << n << " bytes of " << bytes.size();
  }
}

TEST_P(HostileFileTest, SurvivesChangedBytes) {
  const Bytes bytes = file();
  std::mt19937_64 random(20);  // NOLINT: the same changes every time
  for (int i = 0; i < 1500; ++i) {
    Bytes changed = bytes;
    const std::size_t changes = 1 + random() % 4;
    for (std::size_t k = 0; k < changes; ++k) changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
    survives(changed);
  }
}

/// In archives the checksum stops nearly every change: pickles and array headers are changed before they are packed.
TEST(HostileWeights, ChangedPicklesAndHeadersBehindRightChecksums) {
  using namespace std::string_literals;
  const std::string text = pickle("K\x01", "K\x01K\x02", "K\x02K\x01");
  const std::string array = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  std::mt19937_64 random(21);  // NOLINT: the same changes every time
  int read = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string changed = i % 2 == 0 ? text : array;
    for (std::size_t k = 0; k <= random() % 3; ++k) changed[random() % changed.size()] = static_cast<char>(random());
    try {
      decode_weights(i % 2 == 0 ? pth(changed) : zip({stored("a.npy", npy(changed, 24))}), "it");
      ++read;
    } catch (const FormatError&) {
    }
  }
  EXPECT_GT(read, 0);
  EXPECT_LT(read, 4000);
}

INSTANTIATE_TEST_SUITE_P(Files, HostileFileTest,
                         ::testing::Values("zip.pth", "protocol4.pth", "legacy.pth", "checkpoint_legacy.pth",
                                           "stored.npz", "deflated.npz", "all.safetensors"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(HostileWeights, PicklesThatWouldRunSomethingAreRefusedByName) {
  using namespace std::string_literals;
  const auto run = [](const std::string& global) { return pth("\x80\x02" + global + "X\x04\0\0\0true\x85R."s); };
  EXPECT_THAT(decoding(run("cos\nsystem\n")), refused("\"os.system\""));
  EXPECT_THAT(decoding(run("cposix\nsystem\n")), refused("\"posix.system\""));
  EXPECT_THAT(decoding(run("cbuiltins\neval\n")), refused("\"builtins.eval\""));
  EXPECT_THAT(decoding(run("ctorch\nload\n")), refused("\"torch.load\""));
  EXPECT_THAT(decoding(run("ctorch.evil\nFloatStorage\n")), refused("\"torch.evil.FloatStorage\""));
  EXPECT_THAT(decoding(run("cos\tx\x1b[31m\nsys\rtem\n")), refused("\"os?x?[31m.sys?tem\""));
  EXPECT_THAT(decoding(run("\x8c\x02os\x8c\x06system\x93")), refused("\"os.system\""));
  EXPECT_THAT(decoding(pth("\x80\x02(X\x02\0\0\0lsios\nsystem\n."s)), refused("opcode 0x69"));
  EXPECT_THAT(decoding(pth("\x80\x02}\x81."s)), refused("opcode 0x81"));
}

TEST(HostileWeights, NothingElseIsCalledEither) {
  using namespace std::string_literals;
  // A storage class, a tensor, a text as functions; arguments that are none.
  for (const std::string& text :
       {"\x80\x02"s + "ctorch\nFloatStorage\n)R."s, "\x80\x02}})R."s, "\x80\x02X\x02\0\0\0os)R."s,
        "\x80\x02"s + "ccollections\nOrderedDict\nNR."s, "\x80\x02"s + "ccollections\nOrderedDict\nK\x01\x85R."s,
        "\x80\x02"s + "ctorch._utils\n_rebuild_tensor_v2\n)R."s,
        "\x80\x02"s + "ctorch._utils\n_rebuild_parameter\n)R."s}) {
    EXPECT_THAT(decoding(pth(text)), refused("its pickle is wrong")) << text;
  }
}

TEST(HostileWeights, BrokenStackMachines) {
  using namespace std::string_literals;
  for (const std::string& text :
       {"\x80\x02."s, "\x80\x02t."s, "\x80\x02\x85."s, "\x80\x02}K\x01s."s, "\x80\x02}(K\x01u."s, "\x80\x02K\x01(."s,
        "\x80\x02h\x07."s, "\x80\x02q\x01."s, "\x80\x02K\x01K\x02u."s, "\x80\x02]K\x01K\x02s."s, "\x80\x02K\x01Q."s,
        "\x80\x02(K\x01R."s, "\x80\x02K\x01K\x02\x62."s, "\x80\x02(K\x01\x64."s, "\x80\x02X\xff\xff\xff\xff."s,
        "\x80\x02\x8d\xff\xff\xff\xff\xff\xff\xff\xff."s, "\x80\x02\x8a\xff."s}) {
    EXPECT_THROW(decoding(pth(text))(), FormatError) << text;
  }
  // A list in itself, and a dictionary in itself.
  EXPECT_THAT(decoding(pth("\x80\x02]q\x01h\x01\x61."s)), refused("expected a state dict"));
  EXPECT_THAT(decoding(pth("\x80\x02}q\x01X\x01\0\0\0ah\x01s."s)), refused("no tensors with names"));
}

TEST(HostileWeights, FewBytesThatAskForMuchMemory) {
  using namespace std::string_literals;
  EXPECT_THAT(decoding(pth("\x80\x02" + std::string(3'000'000, '}') + ".")), refused("more than a million values"));
  EXPECT_THAT(decoding(pth("\x80\x02}" + std::string(3'000'000, '\x94') + ".")), refused("more than a million values"));
  std::string again = "\x80\x02](";
  for (int i = 0; i < 20'000; ++i) again += "K\x01K\x02\x86";
  again += "eq\x01";
  for (int i = 0; i < 20'000; ++i) again += "ccollections\nOrderedDict\nh\x01\x85R";
  EXPECT_THAT(decoding(pth(again + ".")), refused("more than 16 million values"));
  // One value that a view of stride 0 repeats 2^30 times.
  EXPECT_THAT(decoding(pth(pickle("K\0"s, "J\0\0\0\x40"s, "K\0"s))), refused("claims more values"));
}

TEST(HostileWeights, ViewsOutsideTheirStorage) {
  using namespace std::string_literals;
  const auto view = [](const std::string& offset, const std::string& sizes, const std::string& strides) {
    return decoding(pth(pickle(offset, sizes, strides)));
  };
  const std::string huge = "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"s;
  EXPECT_THAT(view("K\x01", "K\x04", "K\x01"), refused("reaches beyond its storage of 16 bytes"));
  EXPECT_THAT(view("K\0"s, "K\x02", "K\x04"), refused("reaches beyond"));
  EXPECT_THAT(view("K\0"s, "K\x02", huge), refused("reaches beyond"));
  EXPECT_THAT(view(huge, "K\x02", huge), refused("reaches beyond"));
  EXPECT_THAT(view("K\0"s, huge + huge, "K\x01K\x01"), refused("larger than any memory"));
  EXPECT_THAT(view("K\0"s, huge + "K\0"s + huge, "K\x01K\x01K\x01"), refused("larger than any memory"));
  EXPECT_THAT(view("K\0"s, "J\xff\xff\xff\xff", "K\x01"), refused("negative dimension"));
  EXPECT_THAT(view("K\x03", "K\x02", "J\xff\xff\xff\xff"), refused("negative stride"));
  EXPECT_THAT(view("J\xff\xff\xff\xff", "K\x02", "K\x01"), refused("its storage is wrong"));
  EXPECT_THAT(view("K\0"s, "K\x02", "K\x01K\x01"), refused("1 dimensions and 2 strides"));
  EXPECT_THAT(view("K\0"s, std::string(20, 'N'), std::string(20, 'N')), refused("its shape is wrong"));
  EXPECT_THAT(view("K\0"s, "N", "K\x01"), refused("its shape is wrong"));
}

TEST(HostileWeights, StoragesOfAnotherSize) {
  using namespace std::string_literals;
  const auto sized = [](const std::string& count) { return decoding(pth(pickle("K\0"s, "K\x01", "K\x01", count))); };
  EXPECT_THAT(sized("K\x05"), refused("16 bytes for 5 values"));
  EXPECT_THAT(sized("J\xff\xff\xff\xff"), refused("-1 values"));
  EXPECT_THAT(sized("\x8a\x08\x04\0\0\0\0\0\0\x40"s), refused("16 bytes for"));
  const std::string text = pickle("K\0"s, "K\x01", "K\x01");
  EXPECT_THAT(decoding(zip({stored("a/data.pkl", bytes_of(text))})), refused("lacks \"a/data/0\""));
  EXPECT_THAT(decoding(zip({stored("a/data.pkl", bytes_of(text)), stored("a/data/0", Bytes(16)),
                            stored("a/byteorder", bytes_of("big"))})),
              refused("byte order"));
}

TEST(HostileWeights, TensorsTwice) {
  const std::string one = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  EXPECT_THAT(decoding(safetensors("{" + one + "," + one + "}", 4)), refused("\"a\" twice"));
  using namespace std::string_literals;
  std::string text = pickle("K\0"s, "K\x01", "K\x01");
  const std::string item = text.substr(4, text.size() - 6);
  EXPECT_THAT(decoding(pth("\x80\x02}(" + item + item + "u.")), refused("tensor \"w\" is there twice"));
  const auto array = stored("a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 4));
  EXPECT_THAT(decoding(zip({array, array})), refused("two files called \"a.npy\""));
}

TEST(HostileWeights, ZipBombs) {
  const Bytes zeros(std::size_t{80} << 20);
  auto bomb = deflated("a.npy", zeros);
  ASSERT_LT(bomb.data.size(), 100'000U);
  EXPECT_THAT(decoding(zip({bomb})), refused("claims more values"));
  bomb.size = 1000;
  EXPECT_THAT(decoding(zip({bomb})), refused("does not inflate to 1000 bytes"));
  bomb.size = 0xfffffff0U;
  EXPECT_THAT(decoding(zip({bomb})), refused("claims more values"));
  auto few = deflated("a.npy", Bytes(100));
  few.size = 101;
  EXPECT_THAT(decoding(zip({few})), refused("does not inflate"));
  few.method = 12;
  EXPECT_THAT(decoding(zip({few})), refused("by method 12"));
  auto wrong = stored("a.npy", Bytes(100));
  wrong.crc ^= 1;
  EXPECT_THAT(decoding(zip({wrong})), refused("checksum"));
}

TEST(HostileWeights, FilesOfAnArchiveThatShareBytes) {
  const auto array = stored("a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 4));
  auto other = array;
  other.name = "b.npy";
  Bytes bytes = zip({array, other});
  // The second entry of the directory points to the first file.
  const std::size_t place = bytes.size() - 22 - 5 - 4;
  ASSERT_NE(bytes[place], 0);
  for (std::size_t i = 0; i < 4; ++i) bytes[place + i] = 0;
  EXPECT_THAT(decoding(bytes), refused("overlap"));
}

// Found by fuzzing: errors repeat names, and names can hold anything.
TEST(HostileWeights, NamesWithLineBreaksStayOnOneLine) {
  auto wrong = stored("a\nb\x1b[31m.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n", 4));
  wrong.crc ^= 1;
  EXPECT_THAT(decoding(zip({wrong})), refused("a b [31m.npy"));
}

TEST(HostileWeights, HeadersOfSafetensors) {
  const auto header_is = [](const std::string& text, std::size_t data = 8) {
    return decoding(safetensors(text, data));
  };
  const auto entry = [](const std::string& shape, const std::string& offsets, const std::string& type = "F32") {
    return fmt::format(R"({{"a":{{"dtype":"{}","shape":{},"data_offsets":{}}}}})", type, shape, offsets);
  };
  EXPECT_THAT(header_is(entry("[2]", "[0,16]")), refused("is at bytes 0 to 16 of 8"));
  EXPECT_THAT(header_is(entry("[2]", "[8,0]")), refused("is at bytes 8 to 0"));
  EXPECT_THAT(header_is(entry("[2]", "[0,8]"), 12), refused("4 bytes that belong to no tensor"));
  EXPECT_THAT(header_is(entry("[1]", "[4,8]")), refused("overlap or leave a hole"));
  EXPECT_THAT(header_is(entry("[3]", "[0,8]")), refused("shape [3] and type F32 has 8 bytes"));
  EXPECT_THAT(header_is(entry("[4294967296,4294967296,0]", "[0,8]")), refused("larger than any memory"));
  EXPECT_THAT(header_is(entry("[1073741826,4294967296]", "[0,8]")), refused("larger than any memory"));
  EXPECT_THAT(header_is(entry("[-2]", "[0,8]")), refused("unexpected in \"a\""));
  EXPECT_THAT(header_is(entry("[1.5]", "[0,8]")), refused("unexpected"));
  EXPECT_THAT(header_is(entry("[[2]]", "[0,8]")), refused("unexpected"));
  EXPECT_THAT(header_is(entry("[1,1,1,1,1,1,1,1,2]", "[0,8]")), refused("unexpected"));
  EXPECT_THAT(header_is(entry("[18446744073709551615]", "[0,8]")), refused("unexpected"));
  EXPECT_THAT(header_is(entry("[2]", "[0]")), refused("two data_offsets"));
  EXPECT_THAT(header_is(entry("[8]", "[0,8]", "F8_E4M3")), refused("unknown type \"F8_E4M3\""));
  EXPECT_THAT(header_is(R"({"a":{"dtype":"F32","dtype":"F32"}})"), refused("\"dtype\" twice"));
  EXPECT_THAT(header_is(R"({"a":{}})"), refused("lacks dtype"));
  EXPECT_THAT(header_is(R"({"a":5})"), refused("unexpected"));
  EXPECT_THAT(header_is(R"({"__metadata__":{"a":1}})"), refused("unexpected"));
  EXPECT_THAT(header_is(R"({"__metadata__":{"a":{}}})"), refused("nested"));
  EXPECT_THAT(header_is("{} x"), refused("no JSON"));
  EXPECT_THAT(header_is("{" + std::string(1'000'000, '[')), refused("no JSON"));
}

TEST(HostileWeights, OverlappingTensorsOfSafetensors) {
  EXPECT_THAT(decoding(safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                                   R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                                   8)),
              refused("overlap"));
}

TEST(HostileWeights, HeaderSizesBeyondAnyHeader) {
  for (const std::uint64_t size : {std::uint64_t{100'000'001}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
    ByteWriter out;
    out.u64(size);
    out.raw(bytes_of("{}      "));
    EXPECT_THAT(decoding(out.bytes()), refused("expected at most 100000000"));
  }
  ByteWriter out;
  out.u64(100'000'000);
  out.raw(bytes_of("{}      "));
  EXPECT_THAT(decoding(out.bytes()), refused("truncated"));
}

TEST(HostileWeights, HeadersOfArrays) {
  const auto array = [](const std::string& text, std::size_t data = 8) {
    return decoding(zip({stored("a.npy", npy(text, data))}));
  };
  const auto shaped = [](const std::string& shape) {
    return fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': {}, }}", shape);
  };
  EXPECT_THAT(array(shaped("(3,)")), refused("8 bytes for 3 values"));
  EXPECT_THAT(array(shaped("(-2,)")), refused("negative dimension"));
  EXPECT_THAT(array(shaped("(4294967296, 4294967296, 2)")), refused("larger than any memory"));
  EXPECT_THAT(array(shaped("(99999999999999999999,)")), refused("not one of NumPy"));
  EXPECT_THAT(array(shaped("(1,1,1,1,1,1,1,1,1,1,1)")), refused("not one of NumPy"));
  EXPECT_THAT(array(shaped("(2")), refused("not one of NumPy"));
  EXPECT_THAT(array(shaped("2")), refused("not one of NumPy"));
  EXPECT_THAT(array("{'descr': '<f4'}"), refused("not one of NumPy"));
  EXPECT_THAT(array("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}"), refused("records"));
  EXPECT_THAT(array("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}"), refused("\"<c8\""));
  EXPECT_THAT(array("{'descr': __import__('os'), 'shape': (1,)}"), refused("records"));
  EXPECT_THAT(decoding(zip({stored("a.npy", bytes_of("no array"))})), refused("no NumPy array"));
  EXPECT_THAT(decoding(zip({stored("a.txt", bytes_of("x"))})),
              refused("neither a PyTorch state dict nor NumPy arrays"));
}

}  // namespace
}  // namespace obscura::weights
