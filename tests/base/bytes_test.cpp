#include "base/bytes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace obscura {
namespace {

ByteWriter one_of_each() {
  ByteWriter w;
  w.u8(0x12);
  w.u16(0x3456);
  w.u32(0x789abcde);
  w.u64(0xfedcba9876543210);
  w.f64(-0.1);
  w.text("ring");
  w.raw(std::vector<std::uint8_t>{7, 8, 9});
  return w;
}

TEST(Bytes, ReadsWhatWasWritten) {
  ByteWriter w = one_of_each();
  ByteReader r(w.bytes(), "test");
  EXPECT_EQ(r.u8(), 0x12);
  EXPECT_EQ(r.u16(), 0x3456);
  EXPECT_EQ(r.u32(), 0x789abcdeu);
  EXPECT_EQ(r.u64(), 0xfedcba9876543210u);
  EXPECT_EQ(r.f64(), -0.1);
  EXPECT_EQ(r.text(), "ring");
  EXPECT_EQ(r.left(), 3u);
  EXPECT_EQ(r.raw(3)[1], 8);
  EXPECT_NO_THROW(r.finish());
}

TEST(Bytes, AreLittleEndian) {
  ByteWriter w;
  w.u32(0x01020304);
  w.f64(1.0);
  EXPECT_EQ(w.bytes(), (std::vector<std::uint8_t>{4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f}));
}

TEST(Bytes, KeepDoublesThatAreNoNumbers) {
  ByteWriter w;
  w.f64(std::numeric_limits<double>::quiet_NaN());
  w.f64(-std::numeric_limits<double>::infinity());
  w.f64(-0.0);
  ByteReader r(w.bytes(), "test");
  EXPECT_TRUE(std::isnan(r.f64()));
  EXPECT_EQ(r.f64(), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::signbit(r.f64()));
}

void read_all(ByteReader& r) {
  r.u8(), r.u16(), r.u32(), r.u64(), r.f64(), r.text(), r.raw(3);
  r.finish();
}

TEST(Bytes, RefuseEveryTruncationByName) {
  const std::vector<std::uint8_t> all = one_of_each().take();
  for (std::size_t n = 0; n < all.size(); ++n) {
    ByteReader r(std::span<const std::uint8_t>(all).first(n), "the key");
    try {
      read_all(r);
      FAIL() << n << " bytes of " << all.size() << " were enough";
    } catch (const FormatError& e) {
      EXPECT_STREQ(e.what(), "the key is truncated");
    }
  }
}

TEST(Bytes, RefuseTrailingBytes) {
  std::vector<std::uint8_t> all = one_of_each().take();
  all.push_back(0);
  ByteReader r(all, "the key");
  EXPECT_THROW(read_all(r), FormatError);
}

TEST(Bytes, RefuseLengthsThatNothingStandsBehind) {
  ByteWriter w;
  w.u32(std::numeric_limits<std::uint32_t>::max());
  w.u8(0);
  ByteReader long_text(w.bytes(), "test");
  EXPECT_THROW(long_text.text(), FormatError);
  ByteReader missing_text(w.bytes(), "test");
  EXPECT_THROW(missing_text.text(std::numeric_limits<std::size_t>::max()), FormatError);
  ByteReader raw(w.bytes(), "test");
  raw.u8();
  EXPECT_THROW(raw.raw(std::numeric_limits<std::size_t>::max()), FormatError);
}

}  // namespace
}  // namespace obscura
