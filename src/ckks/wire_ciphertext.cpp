#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "ckks/wire_pack.h"
#include "ckks/wire_parts.h"

namespace obscura::ckks {
namespace {

constexpr std::size_t kFewestParts = 2;
constexpr std::size_t kMostParts = 3;

void require_scale(double scale, double log_modulus, std::string_view what) {
  if (wire::sound_scale(scale, log_modulus)) return;
  throw FormatError(std::string(what) + " of scale " + std::to_string(scale) + " does not fit its modulus of " +
                    std::to_string(std::lround(log_modulus)) + " bits");
}

void require_limbs(const Context& context, std::size_t limbs, std::string_view what) {
  if (limbs >= 1 && limbs <= context.max_limbs()) return;
  throw MismatchError(std::string(what) + " has " + std::to_string(limbs) + " limbs, expected 1 to " +
                      std::to_string(context.max_limbs()));
}

/// A ciphertext in the clear: nothing but c_0 is there, which then is the message.
bool transparent(const Ciphertext& ciphertext) {
  for (std::size_t i = 1; i < ciphertext.parts.size(); ++i) {
    if (!wire::all_zero(ciphertext.parts[i])) return false;
  }
  return true;
}

/// How one kind of ciphertext is written: its names, its bytes (an upper bound where it is not sound), the two
/// directions, and what must be equal within a batch.
template <class T>
struct Codec;

template <>
struct Codec<Ciphertext> {
  static constexpr Kind kOne = Kind::ciphertext, kMany = Kind::ciphertext_batch;
  static constexpr std::string_view kShared = "limbs";

  static std::size_t shared(const Ciphertext& c) { return c.limbs(); }
  static std::size_t fewest_bytes(const Context& context) {
    return 11 + kFewestParts * wire::residues_bytes(context.degree(), wire::chain(context.parameters(), 1));
  }

  static std::size_t bytes(const Context& context, const Ciphertext& c) {
    return 11 + c.parts.size() * wire::residues_bytes(context.degree(), wire::chain(context.parameters(), c.limbs()));
  }

  static void put(ByteWriter& out, const Context& context, const Ciphertext& c) {
    if (c.parts.size() < kFewestParts || c.parts.size() > kMostParts) {
      throw FormatError("ciphertext has " + std::to_string(c.parts.size()) + " parts, expected 2 or 3");
    }
    require_scale(c.scale, context.log_q(c.limbs()), "ciphertext");
    if (transparent(c)) throw FormatError("ciphertext is transparent: its message stands in the clear");
    out.u8(static_cast<std::uint8_t>(c.parts.size()));
    out.u16(static_cast<std::uint16_t>(c.limbs()));
    out.f64(c.scale);
    for (const auto& part : c.parts) {
      wire::put_residues(out, part, context.degree(), wire::chain(context.parameters(), c.limbs()), "ciphertext");
    }
  }

  static Ciphertext get(ByteReader& in, const Context& context) {
    const std::size_t parts = in.u8();
    if (parts < kFewestParts || parts > kMostParts) {
      in.fail("has " + std::to_string(parts) + " parts, expected 2 or 3");
    }
    const std::size_t limbs = wire::get_limbs(in, context.max_limbs());
    Ciphertext c;
    c.context = context.digest();
    c.scale = wire::get_scale(in, context.log_q(limbs));
    for (std::size_t i = 0; i < parts; ++i) {
      c.parts.push_back(wire::get_residues(in, context.degree(), wire::chain(context.parameters(), limbs)));
    }
    if (transparent(c)) in.fail("is transparent: nobody encrypted it");
    return c;
  }
};

template <>
struct Codec<SeededCiphertext> {
  static constexpr Kind kOne = Kind::seeded_ciphertext, kMany = Kind::seeded_batch;
  static constexpr std::string_view kShared = "limbs";

  static std::size_t shared(const SeededCiphertext& c) { return c.c0.limbs(); }
  static std::size_t fewest_bytes(const Context& context) {
    return 42 + wire::residues_bytes(context.degree(), wire::chain(context.parameters(), 1));
  }

  static std::size_t bytes(const Context& context, const SeededCiphertext& c) {
    return 42 + wire::residues_bytes(context.degree(), wire::chain(context.parameters(), c.c0.limbs()));
  }

  static void put(ByteWriter& out, const Context& context, const SeededCiphertext& c) {
    require_scale(c.scale, context.log_q(c.c0.limbs()), "ciphertext");
    out.u16(static_cast<std::uint16_t>(c.c0.limbs()));
    out.f64(c.scale);
    out.raw(c.seed);
    wire::put_residues(out, c.c0, context.degree(), wire::chain(context.parameters(), c.c0.limbs()), "ciphertext");
  }

  static SeededCiphertext get(ByteReader& in, const Context& context) {
    const std::size_t limbs = wire::get_limbs(in, context.max_limbs());
    SeededCiphertext c;
    c.context = context.digest();
    c.scale = wire::get_scale(in, context.log_q(limbs));
    c.seed = wire::get_seed(in);
    c.c0 = wire::get_residues(in, context.degree(), wire::chain(context.parameters(), limbs));
    return c;
  }
};

template <>
struct Codec<CompactCiphertext> {
  static constexpr Kind kOne = Kind::compact_ciphertext, kMany = Kind::compact_batch;
  static constexpr std::string_view kShared = "bits";

  static std::size_t shared(const CompactCiphertext& c) { return static_cast<std::size_t>(c.bits); }
  /// A bit a word of c_1.
  static std::size_t fewest_bytes(const Context& context) { return 13 + context.degree() / 8; }

  static std::size_t bytes(const Context&, const CompactCiphertext& c) {
    const int bits = c.bits < 0 || c.bits > kMaxWidth ? kMaxWidth : c.bits;
    return 13 + packed_bytes(c.c0.size(), bits) + packed_bytes(c.c1.size(), bits);
  }

  static bool sound_gap(const Context& context, std::size_t gap) {
    return std::has_single_bit(gap) && gap <= context.degree() / 2;
  }
  static int most_bits(const Context& context) {
    return std::min<int>(kMaxWidth, std::bit_width(context.parameters().q.front()));
  }
  static bool in_the_clear(const CompactCiphertext& c) {
    return std::ranges::all_of(c.c1, [](std::uint64_t v) { return v == 0; });
  }

  static void put(ByteWriter& out, const Context& context, const CompactCiphertext& c) {
    if (c.degree != context.degree() || !sound_gap(context, c.gap) || c.c0.size() != c.degree / c.gap ||
        c.c1.size() != c.degree || c.bits < 1 || c.bits > most_bits(context)) {
      throw MismatchError("compact ciphertext of degree " + std::to_string(c.degree) + ", gap " +
                          std::to_string(c.gap) + " and " + std::to_string(c.bits) +
                          " bits does not have the shape that the parameters ask for");
    }
    require_scale(c.scale, c.bits, "compact ciphertext");
    if (in_the_clear(c)) throw FormatError("compact ciphertext is transparent: its message stands in the clear");
    out.u32(static_cast<std::uint32_t>(c.gap));
    out.u8(static_cast<std::uint8_t>(c.bits));
    out.f64(c.scale);
    wire::put_words(out, c.c0, c.bits, "compact ciphertext");
    wire::put_words(out, c.c1, c.bits, "compact ciphertext");
  }

  static CompactCiphertext get(ByteReader& in, const Context& context) {
    CompactCiphertext c;
    c.context = context.digest();
    c.degree = context.degree();
    c.gap = in.u32();
    c.bits = in.u8();
    if (!sound_gap(context, c.gap)) {
      in.fail("has gap " + std::to_string(c.gap) + ", expected a power of two up to " + std::to_string(c.degree / 2));
    }
    if (c.bits < 1 || c.bits > most_bits(context)) {
      in.fail("has a modulus of " + std::to_string(c.bits) + " bits, expected 1 to " +
              std::to_string(most_bits(context)));
    }
    c.scale = wire::get_scale(in, c.bits);
    c.c0 = wire::get_words(in, c.degree / c.gap, c.bits);
    c.c1 = wire::get_words(in, c.degree, c.bits);
    if (in_the_clear(c)) in.fail("is transparent: nobody encrypted it");
    return c;
  }
};

void require_sound(const Context& context, const Ciphertext& c) {
  require_context(context, c.context, "ciphertext");
  require_limbs(context, c.limbs(), "ciphertext");
}

void require_sound(const Context& context, const SeededCiphertext& c) {
  require_context(context, c.context, "ciphertext");
  require_limbs(context, c.c0.limbs(), "ciphertext");
}

void require_sound(const Context& context, const CompactCiphertext& c) {
  require_context(context, c.context, "compact ciphertext");
}

template <class T>
Bytes write_one(const Context& context, const T& object) {
  require_sound(context, object);
  ByteWriter out = wire::begin_envelope(Codec<T>::kOne, context.digest(), Codec<T>::bytes(context, object));
  Codec<T>::put(out, context, object);
  return wire::finish_envelope(out);
}

template <class T>
T read_one(const Context& context, ByteSpan bytes, std::string_view what) {
  ByteReader in = wire::open_payload(context, bytes, Codec<T>::kOne, what);
  T object = Codec<T>::get(in, context);
  in.finish();
  return object;
}

template <class T>
Bytes write_many(const Context& context, std::span<const T> batch) {
  if (batch.size() > UINT32_MAX) throw FormatError("a batch holds at most 2^32 - 1 ciphertexts");
  std::size_t payload = 4;
  for (const T& object : batch) {
    require_sound(context, object);
    if (Codec<T>::shared(object) != Codec<T>::shared(batch.front())) {
      throw MismatchError("the ciphertexts of a batch differ in their " + std::string(Codec<T>::kShared));
    }
    payload += Codec<T>::bytes(context, object);
  }
  ByteWriter out = wire::begin_envelope(Codec<T>::kMany, context.digest(), payload);
  out.u32(static_cast<std::uint32_t>(batch.size()));
  for (const T& object : batch) Codec<T>::put(out, context, object);
  return wire::finish_envelope(out);
}

template <class T>
std::vector<T> read_many(const Context& context, ByteSpan bytes, std::string_view what) {
  ByteReader in = wire::open_payload(context, bytes, Codec<T>::kMany, what);
  const std::size_t count = in.u32();
  if (count > in.left() / Codec<T>::fewest_bytes(context)) {
    in.fail("announces " + std::to_string(count) + " ciphertexts, more than its " + std::to_string(in.left()) +
            " bytes can hold");
  }
  std::vector<T> batch;
  batch.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    batch.push_back(Codec<T>::get(in, context));
    if (Codec<T>::shared(batch.back()) != Codec<T>::shared(batch.front())) {
      in.fail("mixes ciphertexts of different " + std::string(Codec<T>::kShared));
    }
  }
  in.finish();
  return batch;
}

}  // namespace

Bytes write_ciphertext(const Context& context, const Ciphertext& ciphertext) {
  return write_one(context, ciphertext);
}
Bytes write_seeded_ciphertext(const Context& context, const SeededCiphertext& ciphertext) {
  return write_one(context, ciphertext);
}
Bytes write_compact_ciphertext(const Context& context, const CompactCiphertext& ciphertext) {
  return write_one(context, ciphertext);
}
Ciphertext read_ciphertext(const Context& context, ByteSpan bytes, std::string_view what) {
  return read_one<Ciphertext>(context, bytes, what);
}
SeededCiphertext read_seeded_ciphertext(const Context& context, ByteSpan bytes, std::string_view what) {
  return read_one<SeededCiphertext>(context, bytes, what);
}
CompactCiphertext read_compact_ciphertext(const Context& context, ByteSpan bytes, std::string_view what) {
  return read_one<CompactCiphertext>(context, bytes, what);
}

Bytes write_ciphertexts(const Context& context, std::span<const Ciphertext> batch) {
  return write_many(context, batch);
}
Bytes write_seeded_ciphertexts(const Context& context, std::span<const SeededCiphertext> batch) {
  return write_many(context, batch);
}
Bytes write_compact_ciphertexts(const Context& context, std::span<const CompactCiphertext> batch) {
  return write_many(context, batch);
}
std::vector<Ciphertext> read_ciphertexts(const Context& context, ByteSpan bytes, std::string_view what) {
  return read_many<Ciphertext>(context, bytes, what);
}
std::vector<SeededCiphertext> read_seeded_ciphertexts(const Context& context, ByteSpan bytes, std::string_view what) {
  return read_many<SeededCiphertext>(context, bytes, what);
}
std::vector<CompactCiphertext> read_compact_ciphertexts(const Context& context, ByteSpan bytes, std::string_view what) {
  return read_many<CompactCiphertext>(context, bytes, what);
}

}  // namespace obscura::ckks
