// PBM, PGM and PPM, plain (P1 to P3) and raw (P4 to P6): a header of numbers with comments from # to the end of the
// line, then samples, 1 meaning black in a PBM.
#include <cctype>

#include "image/image.h"
#include "image/raster.h"

namespace obscura::image {
namespace {

class PnmReader {
 public:
  explicit PnmReader(const ByteView& file) : file_(file), kind_(file.byte(1) - '0') {}

  Raster read() {
    const std::size_t width = number(), height = number();
    require_size(file_, height, width);
    const bool bitmap = kind_ == 1 || kind_ == 4;
    maximum_ = bitmap ? 1 : number();
    if (maximum_ == 0 || maximum_ > 65535) file_.damaged("its largest value is not from 1 to 65535");
    Raster out = make_raster(file_, kind_ == 3 || kind_ == 6 ? 3 : 1, height, width);
    if (maximum_ > 255) {
      out.deep.resize(out.samples.size());
      out.samples.clear();
    }
    if (kind_ > 3) ++at_;  // one blank, then bytes
    if (kind_ == 4) {
      read_bits(out);
    } else if (kind_ == 1) {
      for (auto& v : out.samples) v = plain_bit() ? 0 : 255;
    } else {
      for (auto& v : out.samples) v = static_cast<std::uint8_t>(spread(sample(), 255));
      for (auto& v : out.deep) v = static_cast<std::uint16_t>(spread(sample(), 65535));
    }
    if (maximum_ < 255 && !bitmap) {
      out.notes.push_back("its values up to " + std::to_string(maximum_) + " are spread to 255");
    }
    note_rest(out);
    return out;
  }

 private:
  void skip_blanks() {
    while (std::isspace(file_.byte(at_)) != 0 || file_.byte(at_) == '#') {
      if (file_.byte(at_) == '#') {
        while (file_.byte(at_) != '\n' && file_.byte(at_) != '\r') ++at_;
      }
      ++at_;
    }
  }

  /// A number that the file's last byte belongs to may be cut: plain samples end in a blank or stand alone.
  std::size_t number() {
    skip_blanks();
    if (std::isdigit(file_.byte(at_)) == 0) file_.damaged("a number is missing");
    std::size_t value = 0;
    for (; at_ < file_.size() && std::isdigit(file_.byte(at_)) != 0; ++at_) {
      value = value * 10 + static_cast<std::size_t>(file_.byte(at_) - '0');
      if (value > kMaxPixels) file_.damaged("a number is too large");
    }
    return value;
  }

  bool plain_bit() {
    skip_blanks();
    const std::uint8_t b = file_.byte(at_++);
    if (b != '0' && b != '1') file_.damaged("a bit is neither 0 nor 1");
    return b == '1';
  }

  std::size_t sample() {
    std::size_t value = 0;
    if (kind_ <= 3) {
      value = number();
    } else {
      value = file_.big(at_, maximum_ > 255 ? 2 : 1);
      at_ += maximum_ > 255 ? 2 : 1;
    }
    if (value > maximum_) {
      file_.damaged("a sample is " + std::to_string(value) + ", over the largest value " + std::to_string(maximum_));
    }
    return value;
  }

  std::size_t spread(std::size_t value, std::size_t most) const { return (value * most + maximum_ / 2) / maximum_; }

  void read_bits(Raster& out) {
    const std::size_t row = (out.width + 7) / 8;
    for (std::size_t y = 0; y < out.height; ++y, at_ += row) {
      const auto bytes = file_.part(at_, row);
      for (std::size_t x = 0; x < out.width; ++x) {
        out.samples[y * out.width + x] = (bytes[x / 8] >> (7 - x % 8) & 1) != 0 ? 0 : 255;
      }
    }
  }

  /// A file may hold several pictures, one behind the other.
  void note_rest(Raster& out) {
    if ((kind_ == 2 || kind_ == 3) && at_ == file_.size()) {
      out.notes.emplace_back("nothing stands behind its last number, which may be cut");
    }
    while (at_ < file_.size() && std::isspace(file_.byte(at_)) != 0) ++at_;
    if (at_ == file_.size()) return;
    if (kind_ <= 3) file_.damaged("it has more samples than its size says");
    out.notes.push_back("the " + std::to_string(file_.size() - at_) + " bytes behind its first picture are left out");
  }

  const ByteView& file_;
  int kind_;
  std::size_t at_ = 2;
  std::size_t maximum_ = 0;
};

}  // namespace

Raster decode_pnm(const ByteView& file) {
  return PnmReader(file).read();
}

}  // namespace obscura::image
