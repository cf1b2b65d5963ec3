#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ckks/ciphertext.h"
#include "search/messages.h"
#include "tensor/shape.h"

/// What travels in mode trusted, the protocol of RCNN_CKKS: THE SERVER MADE THE KEY THAT PICTURES ARE ENCRYPTED UNDER,
/// AND DECRYPTS THEM. Encryption protects the way there and back, as TLS does. Readers and writers as in messages.h.
namespace obscura::search {

/// Of all keys of it: 128-bit security in the place of the paper's ring of degree 8; 4,096 numbers a ciphertext.
ckks::Parameters trusted_parameters();

/// What a server says of itself.     payload := gallery channels:u32 height:u32 width:u32 record_bytes:u32 public_key
struct TrustedCard {
  GalleryVersion gallery;
  Shape input;                   ///< of a picture: grey or RGB, planar, a byte a sample
  std::size_t record_bytes = 0;  ///< of what is found, each
  ckks::PublicKey key;           ///< the server's
};

/// A picture under the server's key, and the key for the answer.
///   payload := gallery question:16 top:u32 #public_key:u32 public_key ciphertext_batch
struct TrustedQuery {
  GalleryVersion gallery;
  QuestionId question{};
  std::uint32_t top = 1;
  ckks::PublicKey key;                    ///< who asks
  std::vector<ckks::Ciphertext> picture;  ///< samples, as many a ciphertext as it has slots
};

/// What was found, the nearest first, under the key of who asked: records (search/records.h), a byte a slot, each in
/// ciphertexts of its own.
///   payload := gallery question:16 found:u32 (place:u64 distance:f64)... ciphertext_batch
struct TrustedAnswer {
  struct Found {
    std::uint64_t place = 0;
    double distance = 0;
  };
  GalleryVersion gallery;
  QuestionId question{};
  std::vector<Found> found;
  std::vector<ckks::Ciphertext> records;
};

/// The ciphertexts that so many numbers need.
std::size_t trusted_ciphertexts(const ckks::Context& context, std::size_t numbers);

/// The most images that a server gives at once.
inline constexpr std::uint32_t kMostTrusted = 100;

ckks::Bytes write_trusted_card(const ckks::Context& context, const TrustedCard& card);
/// Throws MismatchError for a key of other parameters than trusted_parameters().
TrustedCard read_trusted_card(const ckks::Context& context, const GalleryVersion& expected, ckks::ByteSpan bytes,
                              std::string_view what = "card of the trusted server");

ckks::Bytes write_trusted_query(const ckks::Context& context, const TrustedQuery& query);
/// `numbers`: of a picture. Throws MismatchError, too, for another number of ciphertexts.
TrustedQuery read_trusted_query(const ckks::Context& context, const GalleryVersion& expected, std::size_t numbers,
                                ckks::ByteSpan bytes, std::string_view what = "question");

ckks::Bytes write_trusted_answer(const ckks::Context& context, const TrustedAnswer& answer);
/// Checks that it has `top` places below `places`, none twice, in order of distances that can be.
TrustedAnswer read_trusted_answer(const ckks::Context& context, const TrustedCard& card, std::uint32_t top,
                                  std::size_t places, ckks::ByteSpan bytes, std::string_view what = "answer");

}  // namespace obscura::search
