#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ckks/ciphertext.h"
#include "ckks/compact.h"
#include "ckks/context.h"
#include "ckks/keys.h"

/// The wire format: everything that is sent or stored, but for networks (ONNX). Integers and doubles little-endian.
///
///   file        := magic version kind digest length payload checksum
///   magic       := "OBSCURA" 0                    8 bytes
///   version     := u16                            of the kind: 2 where an id of a key is named, 1 elsewhere
///   kind        := u16                            enum Kind
///   digest      := 32 bytes                       digest_of the parameters that it belongs to
///   length      := u64                            of the payload; 84 bytes less than the file
///   checksum    := 32 bytes                       BLAKE2b-256 of all bytes before it
///
///   payload of parameters, public_key, evaluation_keys, secret_key (the latter in secret/wire.h):
///   parameters  := log_degree:u32 digit_size:u64 insecure:u8 #q:u32 #p:u32 q:u64... p:u64...
///   public_key  := parameters key_id seed residues(all q)
///   evaluation_keys := parameters key_id has_relin:u8 [key] count:u32 (element:u32 key)...   elements odd, increasing
///   key         := limbs:u16 seed residues(q[0..limbs) and all p)...                  one a digit
///
///   payload of the others, read against a Context:
///   ciphertext  := parts:u8 limbs:u16 scale:f64 residues(q[0..limbs))...              one a part, 2 or 3
///   seeded      := limbs:u16 scale:f64 seed residues(q[0..limbs))
///   compact     := gap:u32 bits:u8 scale:f64 words(N / gap) words(N)                  of `bits` bits
///   batch       := count:u32 (ciphertext... | seeded... | compact...)                 all with the same limbs or bits
///
///   key_id      := 16 bytes                       names the secret key (ckks/digest.h)
///   seed        := 32 bytes                       public; expands to the uniform half (ring/random.h)
///   residues    := words(N) a prime               of as many bits as the prime has
///   words(n)    := n words one after another without gaps, lowest bit first, zero bits up to the next whole byte
///
/// Every object has exactly one encoding. The checksum finds accidents, not attackers: whoever alters a file can
/// compute it again, so readers treat the payload as hostile. They check counts against the bytes that are there before
/// they allocate, memory in use stays within a small multiple of the input (64 bits over the width of the smallest
/// prime), and they throw only
///   FormatError     not this format, version or kind; truncated, altered, trailing bytes, counts or residues out of
///                   range, transparent ciphertexts
///   MismatchError   sound, but of other parameters
///   ParameterError  parameters that no ring has
/// with one line that begins with `what`: the name of the file, or of the thing where it came from elsewhere.
/// All functions are thread-safe.
namespace obscura::ckks {

/// Bytes around a payload: 52 before, 32 behind.
inline constexpr std::size_t kEnvelopeBytes = 84;

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;

/// What a file holds. Numbers are for ever.
enum class Kind : std::uint16_t {
  parameters = 1,
  ciphertext = 2,
  seeded_ciphertext = 3,
  compact_ciphertext = 4,
  ciphertext_batch = 5,
  seeded_batch = 6,
  compact_batch = 7,
  public_key = 8,
  evaluation_keys = 9,
  secret_key = 10,
  program = 11,            ///< payload by src/compile
  answer = 12,             ///< payload by src/runtime
  query = 13,              ///< payload by src/runtime
  client = 14,             ///< payload by src/compile
  query_record = 15,       ///< payload by src/owner
  encrypted_gallery = 16,  ///< payload by src/search, as those below
  gallery_card = 17,
  gallery_query = 18,
  gallery_answer = 19,
  fetch_query = 20,
  fetch_answer = 21,
  fetch_hint = 22,
  search_record = 23,  ///< payload by src/search/owner
  trusted_card = 24,   ///< payload by src/search, as those below
  trusted_query = 25,
  trusted_answer = 26,
  sealed_secret_key = 27,  ///< payload by src/secret
};

/// The version of the format in which this kind is written and read. 2 brought the ids of keys and queries.
std::uint16_t wire_version(Kind kind);

/// For messages: "a ciphertext", "evaluation keys".
std::string_view kind_name(Kind kind);

/// What stands around a payload; the payload is part of the bytes that were opened.
struct Envelope {
  Kind kind{};
  Digest digest{};
  ByteSpan payload;
};

/// For payloads of other floors, too.
Bytes seal_envelope(Kind kind, const Digest& digest, ByteSpan payload);
/// Checks everything but the payload. Throws FormatError.
Envelope open_envelope(ByteSpan bytes, Kind expected, std::string_view what);
/// The same for any kind that there is: to see what a file is and to whom it belongs.
Envelope open_envelope(ByteSpan bytes, std::string_view what);

/// Throws ParameterError for 2^log_degree outside 2^10 ... 2^17 (from 2^4 where insecure), no q or p or more than 120
/// of them in all, a number that is not a prime = 1 mod 2N below 2^60 or stands there twice, a digit size outside 1
/// ... 32. Security and the bits of digits are for Context::create to judge.
void check_parameters(const Parameters& parameters, std::string_view what = "parameters");

Bytes write_parameters(const Parameters& parameters);
Parameters read_parameters(ByteSpan bytes, std::string_view what = "parameters");

/// Writers throw MismatchError for objects of another context and FormatError for those that no reader would take.
Bytes write_ciphertext(const Context& context, const Ciphertext& ciphertext);
Bytes write_seeded_ciphertext(const Context& context, const SeededCiphertext& ciphertext);
Bytes write_compact_ciphertext(const Context& context, const CompactCiphertext& ciphertext);
Ciphertext read_ciphertext(const Context& context, ByteSpan bytes, std::string_view what = "ciphertext");
SeededCiphertext read_seeded_ciphertext(const Context& context, ByteSpan bytes, std::string_view what = "ciphertext");
CompactCiphertext read_compact_ciphertext(const Context& context, ByteSpan bytes, std::string_view what = "ciphertext");

/// Many in one file, all with the same limbs (compact ones: the same bits); none is a batch, too.
Bytes write_ciphertexts(const Context& context, std::span<const Ciphertext> batch);
Bytes write_seeded_ciphertexts(const Context& context, std::span<const SeededCiphertext> batch);
Bytes write_compact_ciphertexts(const Context& context, std::span<const CompactCiphertext> batch);
std::vector<Ciphertext> read_ciphertexts(const Context& context, ByteSpan bytes, std::string_view what = "ciphertexts");
std::vector<SeededCiphertext> read_seeded_ciphertexts(const Context& context, ByteSpan bytes,
                                                      std::string_view what = "ciphertexts");
std::vector<CompactCiphertext> read_compact_ciphertexts(const Context& context, ByteSpan bytes,
                                                        std::string_view what = "ciphertexts");

/// Key files carry their parameters, so that a Context can be made from the file alone.
struct PublicKeyFile {
  Parameters parameters;
  PublicKey key;
};
struct EvaluationKeyFile {
  Parameters parameters;
  SeededEvaluationKeys keys;
};

Bytes write_public_key(const Context& context, const PublicKey& key);
PublicKeyFile read_public_key(ByteSpan bytes, std::string_view what = "public key");
Bytes write_evaluation_keys(const Context& context, const SeededEvaluationKeys& keys);
/// Whose evaluation keys a file holds, from its first bytes, unverified: to see whether files belong together without
/// reading hundreds of megabytes. Throws FormatError if they are not the start of evaluation keys.
KeyId peek_evaluation_key_id(ByteSpan start, std::string_view what = "evaluation keys");
/// So many bytes of a file are enough for it.
inline constexpr std::size_t kKeyIdWithin = 2048;
EvaluationKeyFile read_evaluation_keys(ByteSpan bytes, std::string_view what = "evaluation keys");

}  // namespace obscura::ckks
