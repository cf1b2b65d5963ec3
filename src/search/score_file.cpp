#include "search/score_file.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file_stream.h"
#include "base/mapped_file.h"
#include "ckks/digest.h"

namespace fs = std::filesystem;

namespace obscura::search {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic = {'O', 'B', 'S', 'C', 'O', 'R', 'E', 'S'};
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kPage = 4096;

using Checksum = std::array<std::uint8_t, 32>;

Checksum checksum_of(std::span<const std::uint8_t> bytes) {
  Checksum sum;
  crypto_generichash(sum.data(), sum.size(), bytes.data(), bytes.size(), nullptr, 0);
  return sum;
}

std::size_t on_page(std::size_t at) {
  return (at + kPage - 1) / kPage * kPage;
}

/// All but the blocks.
struct Header {
  std::string id;
  std::int64_t version = 0;
  VectorKind kind = VectorKind::unit;
  std::size_t dimension = 0, rows = 0, word_bytes = 0;
  ckks::Digest parameters{};
  std::size_t block_bytes = 0;
  std::vector<Checksum> checksums;
  std::size_t first = 0;  ///< where the first block is

  /// Whether blocks are those of this plan and gallery, of whatever version.
  bool fits(const Header& wanted) const {
    return id == wanted.id && kind == wanted.kind && dimension == wanted.dimension && word_bytes == wanted.word_bytes &&
           parameters == wanted.parameters && block_bytes == wanted.block_bytes && version <= wanted.version;
  }
};

std::vector<std::uint8_t> header_bytes(const Header& header) {
  ByteWriter w;
  w.raw(kMagic);
  w.u32(kFormat);
  w.text(header.id);
  w.u64(static_cast<std::uint64_t>(header.version));
  w.u8(static_cast<std::uint8_t>(header.kind));
  w.u32(static_cast<std::uint32_t>(header.dimension));
  w.u64(header.rows);
  w.u8(static_cast<std::uint8_t>(header.word_bytes));
  w.raw(header.parameters);
  w.u64(header.block_bytes);
  w.u32(static_cast<std::uint32_t>(header.checksums.size()));
  for (const auto& sum : header.checksums) w.raw(sum);
  w.raw(checksum_of(w.bytes()));
  return w.take();
}

/// Throws FormatError.
Header read_header(std::span<const std::uint8_t> file) {
  ByteReader r(file, "the file of encoded vectors");
  const std::size_t size = r.left();
  Header header;
  if (!std::ranges::equal(r.raw(kMagic.size()), kMagic) || r.u32() != kFormat) r.fail("is none, or of another format");
  header.id = r.text(64);
  header.version = static_cast<std::int64_t>(r.u64());
  header.kind = r.u8() == 0 ? VectorKind::code : VectorKind::unit;
  header.dimension = r.u32(), header.rows = r.u64(), header.word_bytes = r.u8();
  std::ranges::copy(r.raw(header.parameters.size()), header.parameters.begin());
  header.block_bytes = r.u64();
  const std::size_t blocks = r.u32();
  if (blocks > r.left() / sizeof(Checksum)) r.fail("is truncated");
  for (std::size_t b = 0; b < blocks; ++b) {
    std::ranges::copy(r.raw(sizeof(Checksum)), header.checksums.emplace_back().begin());
  }
  const auto whole = file.first(size - r.left());
  if (!std::ranges::equal(r.raw(sizeof(Checksum)), checksum_of(whole))) r.fail("was altered or damaged");
  header.first = on_page(size - r.left());
  const std::size_t room = size < header.first ? 0 : size - header.first;
  if (blocks > 0 && room / blocks < header.block_bytes) r.fail("is truncated");
  if (blocks > 0 && room < (blocks - 1) * on_page(header.block_bytes) + header.block_bytes) r.fail("is truncated");
  return header;
}

/// What there is on the disk and still right: a span a block, empty where it has to be encoded.
KeptBlocks kept_blocks(const fs::path& file, const Header& wanted, Gallery& gallery, std::size_t slots,
                       ThreadPool& pool, ScoreFileUse& use) {
  KeptBlocks kept;
  try {
    const auto mapped = std::make_shared<const MappedFile>(file);
    const Header header = read_header(mapped->bytes());
    if (!header.fits(wanted)) return kept;
    const std::size_t blocks = wanted.checksums.size();
    kept.blocks.resize(blocks);
    for (std::size_t b = 0; b < std::min(blocks, header.checksums.size()); ++b) {
      kept.blocks[b] = mapped->bytes().subspan(header.first + b * on_page(header.block_bytes), header.block_bytes);
    }
    for (const std::size_t b : gallery.changed_blocks(header.version, slots)) {
      if (b < blocks) kept.blocks[b] = {};
    }
    std::vector<char> damaged(blocks, 0);
    pool.parallel_for(blocks, [&](std::size_t b) {
      if (!kept.blocks[b].empty()) damaged[b] = checksum_of(kept.blocks[b]) != header.checksums[b] ? 1 : 0;
    });
    for (std::size_t b = 0; b < blocks; ++b) {
      if (damaged[b] == 0) continue;
      kept.blocks[b] = {};
      use.notes.push_back(
          fmt::format("{}: block {} is damaged (checksum); it is encoded again from the gallery", file.string(), b));
    }
    kept.keep = mapped;
  } catch (const FormatError& e) {
    use.notes.push_back(fmt::format("{}: {}; it is made again from the gallery", file.string(), e.what()));
    kept = {};
  } catch (const IoError&) {
    kept = {};  // there is none
  }
  return kept;
}

void write(const fs::path& file, const Header& header, const ScoreTable& table) {
  write_pieces(file, [&](const ByteSink& sink) {
    const auto bytes = header_bytes(header);
    sink(bytes);
    std::vector<std::uint8_t> padding(on_page(bytes.size()) - bytes.size(), 0);
    sink(padding);
    for (std::size_t b = 0; b < header.checksums.size(); ++b) {
      sink(table.block(b));
      padding.assign(on_page(header.block_bytes) - header.block_bytes, 0);
      sink(padding);
    }
  });
}

}  // namespace

fs::path score_file(const fs::path& folder) {
  return folder / "gallery.scores";
}

ScoreTable load_scores(Gallery& gallery, const fs::path& folder, const Gallery::Vectors& vectors, ThreadPool& pool,
                       ScoreFileUse* use) {
  ScoreFileUse own;
  ScoreFileUse& facts = use != nullptr ? *use : own;
  const auto& form = gallery.form();
  const auto plan = plan_scores(form.kind, form.dimension);
  const auto state = gallery.state();
  const fs::path file = score_file(folder);
  Header wanted{state.id,
                state.version,
                form.kind,
                form.dimension,
                vectors.taken.size(),
                score_word_bytes(plan),
                ckks::digest_of(plan.parameters),
                score_block_bytes(plan),
                {},
                0};
  wanted.checksums.resize(plan.blocks(wanted.rows));
  KeptBlocks kept = kept_blocks(file, wanted, gallery, plan.slots(), pool, facts);
  facts.mapped = static_cast<std::size_t>(
      std::ranges::count_if(kept.blocks, [](std::span<const std::uint8_t> block) { return !block.empty(); }));
  facts.encoded = wanted.checksums.size() - facts.mapped;
  ScoreTable table(plan, {vectors.values, form.dimension}, pool, std::move(kept));
  if (facts.encoded == 0) return table;
  pool.parallel_for(wanted.checksums.size(), [&](std::size_t b) { wanted.checksums[b] = checksum_of(table.block(b)); });
  try {
    write(file, wanted, table);
    facts.written = true;
  } catch (const IoError& e) {
    facts.notes.push_back(fmt::format("encoded vectors are not kept: {}", e.what()));
  }
  return table;
}

}  // namespace obscura::search
