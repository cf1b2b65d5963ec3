#include "ckks/wire_key_file.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/share.h"
#include "ckks/wire_pack.h"
#include "ckks/wire_parts.h"
#include "ring/automorphism.h"

namespace obscura::ckks {
namespace {

constexpr std::size_t kKeyHeadBytes = 34;  // limbs and seed
constexpr std::size_t kHeaderBytes = 52;   // of the envelope

std::size_t degree_of(const Parameters& parameters) {
  return std::size_t{1} << parameters.log_degree;
}

/// Keys in work at once: enough for every thread to be busy while one reads or writes.
std::size_t keys_at_once(const ThreadPool* pool) {
  return pool == nullptr ? 1 : std::clamp<std::size_t>(pool->threads(), 2, 32);
}

/// A key on its way into the file or out of it.
struct PackedKey {
  KeyName name;
  Bytes bytes;
};

EvaluationKeysHead get_head(ByteReader& in, const Digest& digest, std::string_view what) {
  EvaluationKeysHead head;
  head.parameters = wire::get_parameters(in, digest, what);
  head.key = wire::get_key_id(in);
  return head;
}

/// Reads a file in order and keeps its checksum. Everything that comes is hostile: damage shows at the end only.
class KeyFileReader {
 public:
  KeyFileReader(const Context& context, const ByteSource& source, std::string_view what)
      : context_(context), source_(source), what_(what) {
    start_.resize(std::min(source.size, kKeyIdWithin));
    source_.read(start_);
    ByteReader in(start_, what_);
    const wire::Header header = wire::get_header(in, start_, source.size);
    if (header.kind != Kind::evaluation_keys) {
      throw FormatError(what_ + " holds " + std::string(kind_name(header.kind)) + ", expected " +
                        std::string(kind_name(Kind::evaluation_keys)));
    }
    digest_ = header.digest;
    left_ = header.payload_bytes;
    sum_.add(ByteSpan(start_).first(kHeaderBytes));
    given_ = kHeaderBytes;
  }

  EvaluationKeys keys(ThreadPool* pool) {
    try {
      read_head();
      read_keys(pool);
      if (left_ != 0) fail("has " + std::to_string(left_) + " bytes too many");
    } catch (const IoError&) {
      throw;
    } catch (const Error&) {
      check_sum();  // a file that was damaged is not to blame for what it says
      throw;
    }
    check_sum();
    return {context_.digest(), key_, std::move(relin_), std::move(galois_)};
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const { throw FormatError(what_ + " " + problem); }

  /// From the start, which was read at once, then from the source.
  void raw(std::span<std::uint8_t> to) {
    const std::size_t had = std::min(to.size(), start_.size() - given_);
    std::copy_n(start_.begin() + static_cast<std::ptrdiff_t>(given_), had, to.begin());
    given_ += had;
    if (had < to.size()) source_.read(to.subspan(had));
  }

  /// The next bytes of the payload.
  void take(std::span<std::uint8_t> to) {
    if (to.size() > left_) fail("is truncated");
    raw(to);
    sum_.add(to);
    left_ -= to.size();
  }

  Bytes take(std::size_t count) {
    if (count > left_) fail("is truncated");
    Bytes bytes(count);
    take(std::span(bytes));
    return bytes;
  }

  std::uint32_t number(std::size_t bytes) {
    const Bytes little = take(bytes);
    ByteReader in(little, what_);
    return bytes == 1 ? in.u8() : bytes == 2 ? in.u16() : in.u32();
  }

  /// The parameters have been checked against the context by their digest, so that they are as long as its own.
  void read_head() {
    require_context(context_, digest_, what_);
    const std::size_t size = wire::parameters_bytes(context_.parameters()) + sizeof(KeyId);
    const Bytes bytes = take(size);
    ByteReader in(bytes, what_);
    key_ = get_head(in, digest_, what_).key;
    const std::uint32_t has_relin = number(1);
    if (has_relin > 1) fail("has a flag that is neither 0 nor 1");
    if (has_relin == 1) {
      PackedKey key;
      read_key(key);
      relin_ = expanded(key);
    }
    count_ = number(4);
    const std::size_t least = 4 + KeyLayout(context_.parameters(), 1).bytes();
    if (count_ > left_ / least) {
      fail("announces " + std::to_string(count_) + " Galois keys, more than its " + std::to_string(left_) +
           " bytes can hold");
    }
  }

  void read_galois(PackedKey& key) {
    const std::uint64_t element = number(4), most = 2 * context_.degree() - 1;
    if (element % 2 == 0 || element > most || element <= before_) {
      fail("has Galois element " + std::to_string(element) + ", expected an odd number from " +
           std::to_string(before_ + 1) + " to " + std::to_string(most));
    }
    key.name.element = before_ = element;
    read_key(key);
  }

  void read_key(PackedKey& key) {
    const Bytes head = take(2);
    ByteReader in(head, what_);
    key.name.limbs = wire::get_limbs(in, context_.max_limbs());
    const std::size_t size = KeyLayout(context_.parameters(), key.name.limbs).bytes();
    if (size - head.size() > left_) fail("is truncated");
    key.bytes.resize(size);
    take(std::span(key.bytes).subspan(head.size()));
  }

  KeySwitchKey expanded(const PackedKey& key) const {
    const KeyLayout layout(context_.parameters(), key.name.limbs);
    ring::Seed seed;
    std::copy_n(key.bytes.begin() + 2, seed.size(), seed.begin());
    const auto row = [&](std::size_t j, std::size_t r, std::uint64_t* words) {
      const std::uint64_t prime = layout.primes[r];
      const std::uint8_t* const from = key.bytes.data() + layout.row(j, r);
      if (!unpack_words(from, context_.degree(), std::bit_width(prime), prime, words)) {
        fail("holds a residue that is not below its prime");
      }
      return words;
    };
    return {context_, key.name.limbs, seed, row};
  }

  /// Threads expand the keys that were read last while one reads the next.
  void read_keys(ThreadPool* pool) {
    std::vector<PackedKey> next(keys_at_once(pool)), ready(next.size());
    std::vector<GaloisKey> made(next.size());
    std::size_t read = 0, have = 0;
    while (read < count_ || have > 0) {
      const std::size_t more = std::min(next.size(), count_ - read);
      share(pool, 1 + have, [&](std::size_t i) {
        if (i > 0) {
          const PackedKey& key = ready[i - 1];
          made[i - 1] = {expanded(key), ring::ntt_automorphism(key.name.element, context_.degree())};
          return;
        }
        for (std::size_t k = 0; k < more; ++k) read_galois(next[k]);
      });
      for (std::size_t k = 0; k < have; ++k) {
        galois_.emplace_hint(galois_.end(), ready[k].name.element, std::move(made[k]));
      }
      std::swap(next, ready);
      have = more;
      read += more;
    }
  }

  /// Reads what is left of the file.
  void check_sum() {
    Bytes piece(std::size_t{1} << 16);
    while (left_ > 0) take(std::span(piece).first(std::min(piece.size(), left_)));
    std::array<std::uint8_t, wire::RunningChecksum::kBytes> said{};
    raw(said);
    if (said != sum_.finish()) fail("was altered or damaged: its checksum is wrong");
  }

  const Context& context_;
  const ByteSource& source_;
  std::string what_;
  Bytes start_;
  std::size_t given_ = 0, left_ = 0;  // of start_; of the payload
  wire::RunningChecksum sum_;
  Digest digest_{};
  std::size_t count_ = 0;
  std::uint64_t before_ = 0;
  KeyId key_{};
  std::optional<KeySwitchKey> relin_;
  std::map<std::uint64_t, GaloisKey> galois_;
};

}  // namespace

EvaluationKeysHead peek_evaluation_keys(ByteSpan start, std::string_view what) {
  ByteReader in(start, std::string(what));
  const Kind kind = wire::get_kind(in, start);
  if (kind != Kind::evaluation_keys) {
    in.fail("holds " + std::string(kind_name(kind)) + ", expected " + std::string(kind_name(Kind::evaluation_keys)));
  }
  Digest digest;
  std::ranges::copy(in.raw(digest.size()), digest.begin());
  in.u64();
  return get_head(in, digest, what);
}

KeyId peek_evaluation_key_id(ByteSpan start, std::string_view what) {
  return peek_evaluation_keys(start, what).key;
}

EvaluationKeys read_expanded_keys(const Context& context, const ByteSource& source, std::string_view what,
                                  ThreadPool* pool) {
  return KeyFileReader(context, source, what).keys(pool);
}

KeyLayout::KeyLayout(const Parameters& parameters, std::size_t limbs) {
  if (limbs < 1 || limbs > parameters.q.size()) {
    throw ParameterError("key for values of " + std::to_string(limbs) + " limbs; these parameters have 1 to " +
                         std::to_string(parameters.q.size()));
  }
  primes = wire::key_rows(parameters, limbs);
  digits = (limbs + parameters.digit_size - 1) / parameters.digit_size;
  for (const std::uint64_t prime : primes) {
    begin.push_back(kKeyHeadBytes + digit_bytes);
    digit_bytes += packed_bytes(degree_of(parameters), std::bit_width(prime));
  }
}

std::vector<KeyName> names_of(const KeyRequest& request) {
  std::vector<KeyName> names;
  if (request.relin_limbs != 0) names.push_back({0, request.relin_limbs});
  for (const auto& [element, limbs] : request.galois) names.push_back({element, limbs});
  return names;
}

void write_made_keys(const Context& context, const KeyId& key, const KeyRequest& request, const MakeKeyBytes& make,
                     const ByteSink& sink, ThreadPool* pool) {
  const Parameters& parameters = context.parameters();
  const auto names = names_of(request);
  std::size_t payload = wire::parameters_bytes(parameters) + sizeof(KeyId) + 5;
  for (const KeyName& name : names) payload += (name.element != 0 ? 4 : 0) + KeyLayout(parameters, name.limbs).bytes();

  wire::RunningChecksum sum;
  const auto put = [&](ByteSpan bytes) {
    sum.add(bytes);
    sink(bytes);
  };
  put(wire::envelope_head(Kind::evaluation_keys, context.digest(), payload));
  ByteWriter head;
  head.raw(canonical_bytes(parameters));
  head.raw(key);
  head.u8(request.relin_limbs != 0 ? 1 : 0);
  const auto put_count = [&] { head.u32(static_cast<std::uint32_t>(request.galois.size())); };
  if (request.relin_limbs == 0) put_count();
  put(head.take());
  const auto put_key = [&](const PackedKey& packed) {
    if (packed.name.element != 0) head.u32(static_cast<std::uint32_t>(packed.name.element));
    put(head.take());
    put(packed.bytes);
    if (packed.name.element == 0) put_count();
  };

  // Threads make the next keys while one writes those that were made last.
  std::vector<PackedKey> next(keys_at_once(pool)), ready(next.size());
  std::size_t made = 0, have = 0;
  while (made < names.size() || have > 0) {
    const std::size_t more = std::min(next.size(), names.size() - made);
    share(pool, 1 + more, [&](std::size_t i) {
      if (i == 0) {
        for (std::size_t k = 0; k < have; ++k) put_key(ready[k]);
        return;
      }
      PackedKey& packed = next[i - 1];
      packed.name = names[made + i - 1];
      const KeyLayout layout(parameters, packed.name.limbs);
      packed.bytes.resize(layout.bytes());
      make(packed.name, layout, packed.bytes);
    });
    std::swap(next, ready);
    have = more;
    made += more;
  }
  put(head.take());
  const auto checksum = sum.finish();
  sink(checksum);
}

}  // namespace obscura::ckks
