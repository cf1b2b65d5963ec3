#include "search/owner/fetch_owner.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "search/packed_words.h"

namespace obscura::search {

/// Of one query.
struct FetchOwner::Secret {
  std::size_t record = 0;
  std::array<std::int8_t, kFetchDegree> s{};
};

FetchOwner::FetchOwner(const FetchShape& shape, const ring::Seed& seed) : shape_(shape) {
  if (shape != fetch_shape(shape.records, shape.record_bytes)) {
    throw ParameterError("records are not laid out as private fetching lays them out");
  }
  for (std::size_t b = 0; b < shape.blocks(); ++b) {
    polynomials_.push_back(ring_.transformed(FetchRing::public_polynomial(seed, b), false));
  }
}

FetchOwner::~FetchOwner() {
  forget();
}

void FetchOwner::forget() {
  for (Secret& secret : secrets_) sodium_memzero(secret.s.data(), secret.s.size());
  secrets_.clear();
  wanted_ = 0;
}

std::vector<FetchQuery> FetchOwner::ask(std::span<const std::size_t> records) {
  if (records.empty() || records.size() > kFetchCount) {
    throw UsageError("1 to " + std::to_string(kFetchCount) + " records are fetched at a time, not " +
                     std::to_string(records.size()));
  }
  for (const std::size_t record : records) {
    if (record >= shape_.records) {
      throw UsageError("there are " + std::to_string(shape_.records) + " records, none with number " +
                       std::to_string(record));
    }
  }
  forget();
  std::vector<FetchQuery> queries;
  secrets_.reserve(kFetchCount);  // no copies of secrets are left behind
  for (std::size_t k = 0; k < kFetchCount; ++k) queries.push_back(ask_one(records[std::min(k, records.size() - 1)]));
  wanted_ = records.size();
  return queries;
}

FetchQuery FetchOwner::ask_one(std::size_t record) {
  // Secret and errors are streams of one secret seed, which is wiped.
  ring::Seed seed = ring::random_seed();
  Secret& secret = secrets_.emplace_back();
  secret.record = record;
  {
    ring::RandomStream stream(seed, 0);
    ring::sample_ternary(kFetchDegree, stream, secret.s.data());
  }
  AlignedWords s = ring_.transformed(std::span<const std::int8_t>(secret.s)), product(kFetchDegree);
  ring::RandomStream errors(seed, 1);
  std::array<std::int8_t, kFetchDegree> error{};
  FetchQuery query(shape_.columns());
  for (std::size_t b = 0; b < polynomials_.size(); ++b) {
    const auto block = std::span(query).subspan(b * kFetchDegree, kFetchDegree);
    ring_.prime().mul(product.data(), polynomials_[b].data(), s.data());
    ring_.inverse(product, block);
    ring::sample_error(kFetchDegree, errors, error.data());
    for (std::size_t i = 0; i < kFetchDegree; ++i) {
      block[i] = (block[i] + static_cast<std::uint32_t>(static_cast<std::int32_t>(error[i]))) & kFetchMask;
    }
  }
  std::uint32_t& chosen = query[shape_.column_of(record)];
  chosen = (chosen + kFetchScale) & kFetchMask;
  sodium_memzero(seed.data(), seed.size());
  sodium_memzero(s.data(), kFetchDegree * sizeof(std::uint64_t));
  sodium_memzero(error.data(), error.size());
  return query;
}

std::vector<std::uint8_t> FetchOwner::secrets() const {
  if (secrets_.empty()) throw MismatchError("nothing was asked for, so there is no secret of it");
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(wanted_));
  std::vector<std::uint32_t> words(kFetchDegree);
  for (const Secret& secret : secrets_) {
    out.u64(secret.record);
    std::ranges::transform(secret.s, words.begin(),
                           [](std::int8_t s) { return s < 0 ? 2U : static_cast<std::uint32_t>(s); });
    put_packed(out, words, 2);
  }
  sodium_memzero(words.data(), words.size() * sizeof(std::uint32_t));
  return out.take();
}

void FetchOwner::resume(std::span<const std::uint8_t> secrets) {
  ByteReader in(secrets, "the record of a fetch");
  forget();
  const std::size_t wanted = in.u32();
  if (wanted == 0 || wanted > kFetchCount) in.fail("is of no fetch");
  secrets_.reserve(kFetchCount);
  for (std::size_t k = 0; k < kFetchCount; ++k) {
    Secret& secret = secrets_.emplace_back();
    secret.record = in.u64();
    if (secret.record >= shape_.records) in.fail("is of a record that there is not");
    auto words = get_packed(in, kFetchDegree, 2);
    if (std::ranges::any_of(words, [](std::uint32_t word) { return word > 2; })) in.fail("holds no secret");
    std::ranges::transform(words, secret.s.begin(), [](std::uint32_t word) {
      return static_cast<std::int8_t>(word == 2 ? -1 : static_cast<int>(word));
    });
    sodium_memzero(words.data(), words.size() * sizeof(std::uint32_t));
  }
  in.finish();
  wanted_ = wanted;
}

std::vector<std::vector<std::uint8_t>> FetchOwner::read(const FetchHint& hint, std::span<const FetchAnswer> answers) {
  if (secrets_.empty()) throw MismatchError("an answer that was not asked for");
  const auto fits = [&](const FetchAnswer& answer) { return answer.size() == shape_.rows(); };
  if (answers.size() != secrets_.size() || !std::ranges::all_of(answers, fits) ||
      hint.words.size() != shape_.rows() * kFetchDegree) {
    throw MismatchError("an answer, or a hint, of another gallery than the query's");
  }
  largest_error_ = 0;
  std::vector<std::vector<std::uint8_t>> records;
  for (std::size_t k = 0; k < wanted_; ++k) records.push_back(read_one(hint, secrets_[k], answers[k]));
  forget();
  return records;
}

std::vector<std::uint8_t> FetchOwner::read_one(const FetchHint& hint, const Secret& secret, const FetchAnswer& answer) {
  std::vector<std::int8_t> digits(shape_.digits());
  const std::size_t first = shape_.row_of(secret.record);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const auto row = hint.row(first + i);
    std::uint32_t mask = 0;
    for (std::size_t k = 0; k < kFetchDegree; ++k) {
      mask += row[k] * static_cast<std::uint32_t>(static_cast<std::int32_t>(secret.s[k]));
    }
    const std::uint32_t noisy = (answer[first + i] - mask) & kFetchMask;
    const std::uint32_t read = (noisy + kFetchScale / 2) & kFetchMask;
    const std::uint32_t within = read % kFetchScale;
    largest_error_ =
        std::max(largest_error_, within > kFetchScale / 2 ? within - kFetchScale / 2 : kFetchScale / 2 - within);
    const auto digit = static_cast<int>(read / kFetchScale);
    digits[i] = static_cast<std::int8_t>(digit >= kFetchHalfDigit ? digit - 2 * kFetchHalfDigit : digit);
  }
  return record_of(digits, shape_.record_bytes);
}

}  // namespace obscura::search
