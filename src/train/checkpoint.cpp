#include "train/checkpoint.h"

#include <algorithm>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"

namespace obscura::train {
namespace {

constexpr std::string_view kMagic = "OBSCTRN3";

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void write_epoch(ByteWriter& out, const EpochResult& e) {
  for (const std::size_t v : {e.epoch, e.validated}) out.f64(static_cast<double>(v));
  for (const double v : {e.train_loss, e.train_accuracy, e.validation_loss, e.validation_accuracy, e.validation_recall,
                         e.seconds, e.images_per_second}) {
    out.f64(v);
  }
}

EpochResult read_epoch(ByteReader& in) {
  EpochResult e;
  const double number = in.f64(), validated = in.f64();
  if (!(number >= 1 && number <= 1e6 && validated >= 0 && validated <= 1e12)) in.fail("is damaged");
  e.epoch = static_cast<std::size_t>(number);
  e.validated = static_cast<std::size_t>(validated);
  for (double* v : {&e.train_loss, &e.train_accuracy, &e.validation_loss, &e.validation_accuracy, &e.validation_recall,
                    &e.seconds, &e.images_per_second}) {
    *v = in.f64();
  }
  return e;
}

std::string read_archive(ByteReader& in) {
  const std::uint64_t size = in.u64();
  if (size > in.left()) in.fail("is truncated");
  const auto part = in.raw(static_cast<std::size_t>(size));
  return {reinterpret_cast<const char*>(part.data()), part.size()};
}

}  // namespace

std::uint64_t fnv1a(const void* bytes, std::size_t size, std::uint64_t hash) {
  const auto* at = static_cast<const std::uint8_t*>(bytes);
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ at[i]) * 0x100000001b3ULL;
  return hash;
}

void write_checkpoint(const Checkpoint& checkpoint, const std::filesystem::path& path) {
  ByteWriter out;
  out.raw(as_bytes(kMagic));
  out.text(checkpoint.fingerprint);
  out.u32(static_cast<std::uint32_t>(checkpoint.epochs.size()));
  for (const EpochResult& epoch : checkpoint.epochs) write_epoch(out, epoch);
  for (const std::string* archive : {&checkpoint.model, &checkpoint.optimiser, &checkpoint.average, &checkpoint.best}) {
    out.u64(archive->size());
    out.raw(as_bytes(*archive));
  }
  out.u64(fnv1a(out.bytes().data(), out.size()));
  write_file(path, out.bytes());
}

std::optional<Checkpoint> read_checkpoint(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  const auto bytes = read_file(path);
  const std::string what = "checkpoint " + path.string() + " (delete it to start again)";
  if (bytes.size() < kMagic.size() + 8) throw FormatError(what + " is truncated");
  const std::span<const std::uint8_t> all(bytes);
  const auto body = all.first(all.size() - 8);
  ByteReader tail(all.last(8), what);
  ByteReader in(body, what);
  if (!std::ranges::equal(in.raw(kMagic.size()), as_bytes(kMagic))) in.fail("is no checkpoint");
  if (tail.u64() != fnv1a(body.data(), body.size())) in.fail("is damaged");
  Checkpoint checkpoint;
  checkpoint.fingerprint = in.text();
  const std::uint32_t epochs = in.u32();
  for (std::uint32_t i = 0; i < epochs; ++i) checkpoint.epochs.push_back(read_epoch(in));
  checkpoint.model = read_archive(in);
  checkpoint.optimiser = read_archive(in);
  checkpoint.average = read_archive(in);
  checkpoint.best = read_archive(in);
  in.finish();
  return checkpoint;
}

}  // namespace obscura::train
