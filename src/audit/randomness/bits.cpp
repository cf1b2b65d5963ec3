#include "audit/randomness/bits.h"

#include <algorithm>
#include <bit>

#include "base/error.h"

namespace obscura::randomness {

BitSequence BitSequence::from_bytes(std::span<const std::uint8_t> bytes, std::size_t first, std::size_t count) {
  if (first > 8 * bytes.size() || count > 8 * bytes.size() - first) {
    throw ParameterError("bits " + std::to_string(first) + " to " + std::to_string(first + count) +
                         " are wanted of a sequence of " + std::to_string(8 * bytes.size()));
  }
  BitSequence bits;
  bits.words_.reserve(count / 64 + 1);
  for (std::size_t at = first; at < first + count;) {
    const int taken = static_cast<int>(std::min(8 - at % 8, first + count - at));
    const unsigned tail = bytes[at / 8] & (0xFFu >> at % 8);
    bits.append(tail >> (8 - at % 8 - static_cast<std::size_t>(taken)), taken);
    at += static_cast<std::size_t>(taken);
  }
  return bits;
}

BitSequence BitSequence::from_text(const std::string& text) {
  BitSequence bits;
  for (const char c : text) {
    if (c == '0' || c == '1') bits.append(c == '1' ? 1 : 0, 1);
  }
  return bits;
}

std::size_t BitSequence::ones(std::size_t first, std::size_t count) const {
  std::size_t sum = 0, at = first;
  for (; at + 64 <= first + count; at += 64) sum += static_cast<std::size_t>(std::popcount(word_at(at)));
  if (const std::size_t rest = first + count - at; rest > 0) {
    sum += static_cast<std::size_t>(std::popcount(word_at(at) >> (64 - rest)));
  }
  return sum;
}

void BitSequence::append(std::uint64_t value, int count) {
  if (count == 0) return;
  value <<= 64 - count;  // what is above the low bits goes
  const std::size_t used = size_ % 64;
  if (used == 0) {
    words_.push_back(value);
  } else {
    words_.back() |= value >> used;
    if (used + static_cast<std::size_t>(count) > 64) words_.push_back(value << (64 - used));
  }
  size_ += static_cast<std::size_t>(count);
}

BitSequence BitSequence::take(std::size_t count) {
  if (count > size_) {
    throw ParameterError(std::to_string(count) + " bits are wanted of a sequence of " + std::to_string(size_));
  }
  BitSequence head, tail;
  const auto copy = [this](BitSequence& to, std::size_t from, std::size_t end) {
    to.words_.reserve((end - from) / 64 + 1);
    for (; from < end; from += 64) {
      const std::size_t bits = std::min<std::size_t>(64, end - from);
      to.append(word_at(from) >> (64 - bits), static_cast<int>(bits));
    }
  };
  copy(head, 0, count);
  copy(tail, count, size_);
  *this = std::move(tail);
  return head;
}

}  // namespace obscura::randomness
