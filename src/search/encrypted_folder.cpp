#include "search/encrypted_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/file.h"

namespace fs = std::filesystem;

namespace obscura::search {
namespace {

constexpr const char* kHead = "gallery.head";
constexpr const char* kBlockEnding = ".block";
constexpr std::size_t kMostHeadBytes = std::size_t{1} << 22;  // 2^16 checksums

std::string block_name(const ckks::Digest& checksum) {
  std::string name;
  for (const std::uint8_t byte : checksum) name += fmt::format("{:02x}", byte);
  return name + kBlockEnding;
}

/// What this class gives files of blocks.
bool is_block_name(const std::string& name) {
  constexpr std::size_t kDigits = 2 * sizeof(ckks::Digest);
  return name.size() == kDigits + std::string_view(kBlockEnding).size() && name.ends_with(kBlockEnding) &&
         name.find_first_not_of("0123456789abcdef") == kDigits;
}

const EncryptedGalleryHead& head_of(const EncryptedGalleryFolder& folder) {
  if (folder.head()) return *folder.head();
  throw UsageError(folder.path().string() + " holds no encrypted gallery: it has no " + kHead);
}

}  // namespace

EncryptedGalleryFolder::EncryptedGalleryFolder(fs::path folder) : folder_(std::move(folder)) {
  std::error_code ec;
  fs::create_directories(folder_, ec);
  if (!fs::is_directory(folder_)) throw IoError("cannot make the folder " + folder_.string() + " for a gallery");
  const fs::path file = folder_ / kHead;
  if (fs::exists(file)) head_ = read_gallery_head(read_file(file, kMostHeadBytes), file.string());
}

fs::path EncryptedGalleryFolder::file_of(const ckks::Digest& checksum) const {
  return folder_ / block_name(checksum);
}

void EncryptedGalleryFolder::put_block(ckks::ByteSpan file) {
  write_file(file_of(gallery_block_checksum(file)), file);
}

std::vector<ckks::SeededCiphertext> EncryptedGalleryFolder::read(const ckks::Context& context,
                                                                 const EncryptedScorePlan& plan,
                                                                 const ckks::Digest& checksum) const {
  const fs::path file = file_of(checksum);
  // A byte more than there may be: read_gallery_block says what is wrong with it.
  return read_gallery_block(context, plan, checksum, read_file(file, 2 * gallery_block_bytes(plan)), file.string());
}

void EncryptedGalleryFolder::commit(const EncryptedGalleryHead& next) {
  if (head_) check_follows(*head_, next);
  const ckks::Bytes file = write_gallery_head(next);
  const EncryptedScorePlan plan = next.plan();
  const auto context = ckks::Context::create(plan.parameters);
  for (const std::size_t b : changed_blocks(head_.value_or(EncryptedGalleryHead{}), next)) {
    read(*context, plan, next.blocks[b]);
  }
  write_file(folder_ / kHead, file);
  head_ = next;
  remove_unnamed();
}

void EncryptedGalleryFolder::remove_unnamed() const {
  std::set<std::string> names;
  for (const auto& checksum : head_->blocks) names.insert(block_name(checksum));
  std::error_code ec;  // what cannot be removed stays until the next commit
  for (const auto& entry : fs::directory_iterator(folder_, ec)) {
    const std::string name = entry.path().filename().string();
    if (is_block_name(name) && !names.contains(name)) fs::remove(entry.path(), ec);
  }
}

std::vector<ckks::SeededCiphertext> EncryptedGalleryFolder::block(std::size_t block) const {
  const EncryptedGalleryHead& head = head_of(*this);
  if (block >= head.blocks.size()) {
    throw UsageError(fmt::format("an encrypted gallery of {} blocks has no block {}", head.blocks.size(), block));
  }
  const EncryptedScorePlan plan = head.plan();
  return read(*ckks::Context::create(plan.parameters), plan, head.blocks[block]);
}

EncryptedScoreTable load_table(const EncryptedGalleryFolder& folder, ThreadPool& pool) {
  const EncryptedGalleryHead& head = head_of(folder);
  EncryptedScoreTable table(head.plan(), head.key, head.rows);
  for (std::size_t b = 0; b < head.blocks.size(); ++b) table.put(b, folder.block(b), pool);
  return table;
}

void update_table(EncryptedScoreTable& table, const EncryptedGalleryHead& before, const EncryptedGalleryFolder& folder,
                  ThreadPool& pool) {
  const EncryptedGalleryHead& head = head_of(folder);
  check_follows(before, head);
  table.resize(head.rows);
  for (const std::size_t b : changed_blocks(before, head)) table.put(b, folder.block(b), pool);
}

}  // namespace obscura::search
