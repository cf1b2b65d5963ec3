#include "secret/packed_coefficients.h"

namespace obscura::ckks {

void pack_coefficients(std::span<const std::int8_t> coefficients, std::span<std::uint8_t> packed) {
  for (std::size_t at = 0; at < packed.size(); ++at) {
    unsigned byte = 0;
    for (std::size_t i = 0; i < kCoefficientsPerByte; ++i) {
      const auto c = static_cast<unsigned>(static_cast<int>(coefficients[at * kCoefficientsPerByte + i]));
      // 0, 1 and -1 become 0, 1 and 2: of -1 all bits are set, of which the sign clears the lowest.
      byte |= ((c ^ c >> 31) & 1) << (2 * i) | (c >> 31) << (2 * i + 1);
    }
    packed[at] = static_cast<std::uint8_t>(byte);
  }
}

GuardedVector<std::int8_t> unpack_coefficients(std::span<const std::uint8_t> packed, const ByteReader& in) {
  GuardedVector<std::int8_t> coefficients(packed.size() * kCoefficientsPerByte);
  unsigned bad = 0;
  for (std::size_t i = 0; i < coefficients.size(); ++i) {
    const unsigned code = (packed[i / kCoefficientsPerByte] >> (2 * (i % kCoefficientsPerByte))) & 3u;
    bad |= code & (code >> 1);
    coefficients[i] = static_cast<std::int8_t>((code & 1) - (code >> 1));
  }
  if (bad != 0) in.fail("holds a coefficient that is none of -1, 0, 1");
  return coefficients;
}

}  // namespace obscura::ckks
