#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ckks/context.h"
#include "image/image.h"
#include "study/search/search.h"
#include "tensor/preprocessing.h"
#include "tensor/shape.h"

namespace obscura::search {
class TrustedParty;
}

namespace obscura::study {

/// Mode trusted: the protocol of RCNN_CKKS as it is printed. The server makes the key pair that pictures are encrypted
/// under, so it can decrypt every one of them, and does. Encryption protects the way to the server and back, from
/// others; THE SERVER SEES THE PICTURE. It is here to be compared with, at parameters of 128-bit security in the place
/// of the paper's ring of degree 8. Not thread-safe.
class TrustedSearch {
 public:
  /// Steps 1 to 3: both key pairs.
  TrustedSearch();
  ~TrustedSearch();

  /// Steps 4 to 6: the client encrypts, the server decrypts. Returns what it has then: the picture.
  std::vector<float> send(std::span<const float> values);
  /// Steps 7 and 8 are the server's and in the clear: how long they took.
  void searched(double seconds_of_network, double seconds_of_comparing);
  /// Steps 9 to 12: what was found, encrypted under the client's key, and read.
  std::vector<std::vector<std::uint8_t>> give(std::span<const std::vector<std::uint8_t>> records);

  const std::vector<TrustedStep>& steps() const { return steps_; }
  const SearchBytes& bytes() const { return bytes_; }
  const SearchSeconds& seconds() const { return seconds_; }

 private:
  void add(const char* side, std::string what, std::string readable, double seconds);

  ckks::ContextPtr context_;
  std::unique_ptr<search::TrustedParty> server_, client_;
  std::vector<TrustedStep> steps_;
  SearchBytes bytes_;
  SearchSeconds seconds_;
};

/// The picture of preprocessed values.
image::Image picture_of_values(std::span<const float> values, const Shape& shape, const Preprocessing& how);

}  // namespace obscura::study
