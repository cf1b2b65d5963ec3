#include "search/encrypted_gallery.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/error.h"
#include "ckks/wire_parts.h"

namespace obscura::search {
namespace {

constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kMostRows = std::size_t{1} << 28;

std::vector<std::uint8_t> id_bytes(const std::string& id) {
  std::vector<std::uint8_t> bytes(kIdBytes);
  std::size_t size = 0;
  const char* end = nullptr;
  if (id.size() != 2 * kIdBytes ||
      sodium_hex2bin(bytes.data(), bytes.size(), id.data(), id.size(), nullptr, &size, &end) != 0 || size != kIdBytes ||
      end != id.data() + id.size()) {
    throw MismatchError("the id of an encrypted gallery is 32 hexadecimal digits, not '" + id.substr(0, 40) + "'");
  }
  return bytes;
}

std::string id_text(std::span<const std::uint8_t> bytes) {
  std::string id;
  for (const std::uint8_t byte : bytes) id += fmt::format("{:02x}", byte);
  return id;
}

/// The plan of a kind and length that nobody has checked.
EncryptedScorePlan plan_of(const ByteReader& in, const EncryptedGalleryHead& head) {
  try {
    return head.plan();
  } catch (const UnsupportedError& e) {
    in.fail(std::string("is of vectors that cannot be compared: ") + e.what());
  } catch (const ParameterError& e) {
    in.fail(std::string("is of vectors that cannot be compared: ") + e.what());
  }
}

}  // namespace

ckks::Bytes write_gallery_head(const EncryptedGalleryHead& head) {
  const EncryptedScorePlan plan = head.plan();
  if (head.rows > kMostRows || head.blocks.size() != plan.blocks(head.rows) || head.version < 0) {
    throw MismatchError(fmt::format("an encrypted gallery of {} places, version {}, with {} blocks", head.rows,
                                    head.version, head.blocks.size()));
  }
  ByteWriter out;
  out.raw(id_bytes(head.id));
  out.u64(static_cast<std::uint64_t>(head.version));
  out.u8(head.kind == VectorKind::code ? 0 : 1);
  out.u32(static_cast<std::uint32_t>(head.dimension));
  out.raw(head.key);
  out.u64(head.rows);
  out.u32(static_cast<std::uint32_t>(head.blocks.size()));
  for (const auto& checksum : head.blocks) out.raw(checksum);
  return ckks::seal_envelope(ckks::Kind::encrypted_gallery, digest_of(plan.parameters), out.bytes());
}

EncryptedGalleryHead read_gallery_head(ckks::ByteSpan bytes, std::string_view what) {
  const auto envelope = ckks::open_envelope(bytes, ckks::Kind::encrypted_gallery, what);
  ByteReader in(envelope.payload, std::string(what));
  EncryptedGalleryHead head;
  head.id = id_text(in.raw(kIdBytes));
  const std::uint64_t version = in.u64();
  if (version > static_cast<std::uint64_t>(INT64_MAX)) in.fail("has an impossible version");
  head.version = static_cast<std::int64_t>(version);
  const std::uint8_t kind = in.u8();
  if (kind > 1) in.fail(fmt::format("is of vectors of kind {}, expected 0 or 1", kind));
  head.kind = kind == 0 ? VectorKind::code : VectorKind::unit;
  head.dimension = in.u32();
  head.key = ckks::wire::get_key_id(in);
  head.rows = in.u64();
  const EncryptedScorePlan plan = plan_of(in, head);
  if (envelope.digest != digest_of(plan.parameters)) {
    throw MismatchError(std::string(what) + " was made under other parameters than encrypted galleries have");
  }
  const std::size_t blocks = in.u32();
  if (head.rows > kMostRows || blocks != plan.blocks(head.rows)) {
    in.fail(fmt::format("has {} blocks for {} places", blocks, head.rows));
  }
  if (blocks > in.left() / ckks::Digest{}.size()) in.fail("is truncated");
  head.blocks.resize(blocks);
  for (auto& checksum : head.blocks) std::ranges::copy(in.raw(checksum.size()), checksum.begin());
  in.finish();
  return head;
}

ckks::Bytes write_gallery_block(const ckks::Context& context, std::span<const ckks::SeededCiphertext> numbers) {
  return write_seeded_ciphertexts(context, numbers);
}

std::size_t gallery_block_bytes(const EncryptedScorePlan& plan) {
  constexpr std::size_t kCount = 4, kHeadBytes = 42;  // of a seeded ciphertext: limbs, scale, seed
  const auto residues = ckks::wire::residues_bytes(plan.degree(), ckks::wire::chain(plan.parameters, 1));
  return ckks::kEnvelopeBytes + kCount + plan.dimension * (kHeadBytes + residues);
}

ckks::Digest gallery_block_checksum(ckks::ByteSpan file) {
  ckks::Digest sum;
  crypto_generichash(sum.data(), sum.size(), file.data(), file.size(), nullptr, 0);
  return sum;
}

std::vector<ckks::SeededCiphertext> read_gallery_block(const ckks::Context& context, const EncryptedScorePlan& plan,
                                                       const ckks::Digest& checksum, ckks::ByteSpan file,
                                                       std::string_view what) {
  const std::string name(what);
  if (file.size() != gallery_block_bytes(plan)) {
    throw FormatError(fmt::format("{} has {} bytes, expected {}: it is truncated, or of another gallery", name,
                                  file.size(), gallery_block_bytes(plan)));
  }
  if (gallery_block_checksum(file) != checksum) {
    throw FormatError(name + " is not the block that the gallery's head names: it was altered, or is of another " +
                      "gallery or version; get it from the owner again");
  }
  auto numbers = ckks::read_seeded_ciphertexts(context, file, what);
  const double scale = std::exp2(plan.gallery_bits);
  const auto fits = [scale](const ckks::SeededCiphertext& c) { return c.scale == scale && c.c0.limbs() == 1; };
  if (numbers.size() != plan.dimension || !std::ranges::all_of(numbers, fits)) {
    throw MismatchError(
        fmt::format("{} is not of {} numbers of vectors of kind {}", name, plan.dimension, to_string(plan.kind)));
  }
  return numbers;
}

std::vector<std::size_t> changed_blocks(const EncryptedGalleryHead& before, const EncryptedGalleryHead& next) {
  std::vector<std::size_t> changed;
  for (std::size_t b = 0; b < next.blocks.size(); ++b) {
    if (b >= before.blocks.size() || before.blocks[b] != next.blocks[b]) changed.push_back(b);
  }
  return changed;
}

void check_follows(const EncryptedGalleryHead& before, const EncryptedGalleryHead& next) {
  if (next.id != before.id) {
    throw MismatchError("an update of the encrypted gallery " + next.id + " for the gallery " + before.id);
  }
  if (next.key != before.key) {
    throw MismatchError("an update of an encrypted gallery under another secret key: encrypt it anew, all of it");
  }
  if (next.kind != before.kind || next.dimension != before.dimension) {
    throw MismatchError(
        fmt::format("an update of vectors of {} numbers, kind {}, for an encrypted gallery of {}, kind {}",
                    next.dimension, to_string(next.kind), before.dimension, to_string(before.kind)));
  }
  if (next.version <= before.version) {
    throw MismatchError(
        fmt::format("version {} of an encrypted gallery does not follow version {}", next.version, before.version));
  }
}

}  // namespace obscura::search
