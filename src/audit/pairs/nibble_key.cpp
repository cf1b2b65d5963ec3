#include "audit/pairs/nibble_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "base/error.h"
#include "shield/blocks.h"

namespace obscura::audit {
namespace {

using Values = std::vector<std::uint8_t>;

void require_taken(const shield::Parameters& what) {
  if (moves_half_bytes(what)) return;
  throw UnsupportedError("half-bytes are moved by vit, le, pe, ele, etc and etc-grayscale, not by " + what.shield);
}

Values half_bytes(const image::Image& image) {
  Values out;
  out.reserve(2 * image.pixels.size());
  for (const std::uint8_t v : image.pixels) {
    out.push_back(v >> 4);
    out.push_back(v & 15);
  }
  return out;
}

/// As large as the padded image, or grey with its colours side by side: half-bytes move from one to the other.
const image::Image& bytes_of(const shield::Protected& cipher, const image::Image& padded) {
  const auto* bytes = std::get_if<image::Image>(&cipher.picture);
  const bool same = bytes != nullptr && bytes->channels == padded.channels && bytes->width == padded.width;
  const bool beside = bytes != nullptr && bytes->channels == 1 && bytes->width == padded.channels * padded.width;
  if ((!same && !beside) || bytes->height != padded.height) {
    throw MismatchError(fmt::format("a protected picture is not of {} channels, {}x{}, as its image is",
                                    padded.channels, padded.height, padded.width));
  }
  return *bytes;
}

/// What the attacker sees of an image in which half-byte i holds value_of(i).
template <typename ValueOf>
Values ask(const image::Image& like, const Oracle& oracle, const ValueOf& value_of) {
  image::Image helper = like;
  for (std::size_t i = 0; i < helper.pixels.size(); ++i) {
    helper.pixels[i] = static_cast<std::uint8_t>(value_of(2 * i) << 4 | value_of(2 * i + 1));
  }
  return half_bytes(bytes_of(oracle(helper), like));
}

NibbleKey empty_key(const image::Image& padded) {
  NibbleKey out;
  out.channels = padded.channels;
  out.height = padded.height;
  out.width = padded.width;
  out.source.resize(2 * padded.pixels.size());
  out.negative.resize(out.source.size());
  return out;
}

/// The values of half-byte i over all images, as text to look up; of the sequence and its negative the one that starts
/// below 8.
std::string sequence(const std::vector<Values>& images, std::size_t i, bool& negative) {
  negative = images.front()[i] > 7;
  std::string out;
  for (const Values& image : images) out.push_back(static_cast<char>(negative ? 15 - image[i] : image[i]));
  return out;
}

}  // namespace

bool moves_half_bytes(const shield::Parameters& what) {
  return what.shield == "le" || what.shield == "pe" || what.shield == "ele" || what.shield == "etc" ||
         what.shield == "etc-grayscale" || what.shield == "vit";
}

NibbleKey choose_half_bytes(const shield::Parameters& what, const image::Image& like, const Oracle& oracle) {
  require_taken(what);
  const image::Image padded = shield::pad(like, what.block);
  NibbleKey out = empty_key(padded);
  const std::size_t count = out.source.size();
  const Values base = ask(padded, oracle, [](std::size_t) { return 0U; });
  for (std::size_t i = 0; i < count; ++i) {
    out.negative[i] = base[i] != 0;
    out.lost += base[i] != 0 && base[i] != 15 ? 1 : 0;
  }
  out.helpers = 1;
  for (unsigned shift = 0; (count - 1) >> shift != 0; shift += 4, ++out.helpers) {
    const Values digit = ask(padded, oracle, [&](std::size_t i) { return static_cast<unsigned>(i >> shift) & 15; });
    for (std::size_t i = 0; i < count; ++i) {
      const unsigned v = out.negative[i] ? 15U - digit[i] : digit[i];
      out.source[i] |= v << shift;
    }
  }
  for (std::uint32_t& source : out.source) {
    if (source < count) continue;
    source = 0;
    ++out.lost;
  }
  return out;
}

NibbleKey match_half_bytes(const shield::Parameters& what, std::span<const image::Image> plain,
                           std::span<const shield::Protected> ciphers) {
  require_taken(what);
  if (plain.empty() || plain.size() != ciphers.size()) {
    throw MismatchError("known plaintext needs as many protected pictures as plain images, one or more");
  }
  std::vector<Values> before, after;
  const image::Image first = shield::pad(plain.front(), what.block);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const image::Image padded = shield::pad(plain[i], what.block);
    if (padded.pixels.size() != first.pixels.size() || padded.width != first.width) {
      throw MismatchError("known images have to be of one shape");
    }
    before.push_back(half_bytes(padded));
    after.push_back(half_bytes(bytes_of(ciphers[i], padded)));
  }
  NibbleKey out = empty_key(first);
  out.helpers = plain.size();
  std::map<std::string, std::vector<std::uint32_t>> sources;
  bool negative = false;
  for (std::size_t i = 0; i < out.source.size(); ++i) {
    sources[sequence(before, i, negative)].push_back(static_cast<std::uint32_t>(i));
  }
  std::map<std::string, std::size_t> taken;  // those that cannot be told apart are given out in turn
  for (std::size_t i = 0; i < out.source.size(); ++i) {
    const std::string key = sequence(after, i, negative);
    const auto found = sources.find(key);
    if (found == sources.end()) {
      ++out.lost;
      continue;
    }
    const auto& candidates = found->second;
    out.source[i] = candidates[taken[key]++ % candidates.size()];
    out.ambiguous += candidates.size() > 1 ? 1 : 0;
    out.negative[i] = negative != (before.front()[out.source[i]] > 7);
  }
  return out;
}

image::Image recover(const NibbleKey& key, const shield::Protected& cipher) {
  image::Image out(key.channels, key.height, key.width);
  const Values seen = half_bytes(bytes_of(cipher, out));
  Values plain(seen.size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    plain[key.source[i]] = key.negative[i] ? static_cast<std::uint8_t>(15 - seen[i]) : seen[i];
  }
  for (std::size_t i = 0; i < out.pixels.size(); ++i) {
    out.pixels[i] = static_cast<std::uint8_t>(plain[2 * i] << 4 | plain[2 * i + 1]);
  }
  return shield::crop(out, cipher.height, cipher.width);
}

}  // namespace obscura::audit
