#include "search/gallery.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "base/error.h"
#include "ring/random.h"
#include "search/score_table.h"

namespace fs = std::filesystem;

namespace obscura::search {
namespace {

constexpr std::uint32_t kApplication = 0x4F425347;  // "OBSG"
constexpr int kVersion = 1;
constexpr std::size_t kMaxThumbnail = std::size_t{1} << 20;
constexpr std::size_t kMaxPlaces = std::size_t{1} << 28;
constexpr std::size_t kChecksumBytes = 16;

// A place keeps the version that last changed it, also when nothing is there any more.
constexpr const char* kTables = R"(
  CREATE TABLE facts (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE classes (number INTEGER PRIMARY KEY, name TEXT NOT NULL);
  CREATE TABLE places (place INTEGER PRIMARY KEY, version INTEGER NOT NULL, taken INTEGER NOT NULL);
  CREATE INDEX free_places ON places (taken, place);
  CREATE INDEX changed_places ON places (version);
  CREATE TABLE images (place INTEGER PRIMARY KEY, name TEXT NOT NULL, label INTEGER NOT NULL, vector BLOB NOT NULL,
                       thumbnail BLOB NOT NULL, checksum BLOB NOT NULL);
)";

std::vector<std::uint8_t> bytes_of(std::span<const float> vector) {
  ByteWriter out;
  for (const float v : vector) out.u32(std::bit_cast<std::uint32_t>(v));
  return {out.bytes().begin(), out.bytes().end()};
}

/// Of a record: finds accidents.
std::vector<std::uint8_t> checksum_of(const std::string& name, std::int64_t label, std::span<const std::uint8_t> vector,
                                      std::span<const std::uint8_t> thumbnail) {
  ByteWriter all;
  all.text(name);
  all.u64(static_cast<std::uint64_t>(label));
  all.u64(vector.size());
  all.raw(vector);
  all.raw(thumbnail);
  std::vector<std::uint8_t> sum(kChecksumBytes);
  crypto_generichash(sum.data(), sum.size(), all.bytes().data(), all.size(), nullptr, 0);
  return sum;
}

std::string random_id() {
  const ring::Seed seed = ring::random_seed();
  std::string id;
  for (std::size_t i = 0; i < 16; ++i) id += fmt::format("{:02x}", seed[i]);
  return id;
}

/// A row of images: place, name, label, vector, thumbnail, checksum.
GalleryImage read_image(const store::Statement& row, const GalleryForm& form, const std::string& file) {
  GalleryImage image{row.text(1), row.integer(2), {}, row.blob(4)};
  const auto vector = row.blob(3);
  if (row.blob(5) != checksum_of(image.name, image.label, vector, image.thumbnail) ||
      vector.size() != form.dimension * sizeof(float)) {
    throw FormatError(fmt::format("{}: the record of image {} is damaged: remove it, or index the gallery again", file,
                                  row.integer(0)));
  }
  ByteReader in(vector, file);
  for (std::size_t i = 0; i < form.dimension; ++i) image.vector.push_back(std::bit_cast<float>(in.u32()));
  return image;
}

void check_form(const GalleryForm& form) {
  plan_scores(form.kind, form.dimension);
  check_selection(form.selection, form.kind, form.dimension);
  if (form.thumbnail_bytes == 0 || form.thumbnail_bytes > kMaxThumbnail) {
    throw ParameterError(
        fmt::format("thumbnails of {} bytes: 1 to {} are possible", form.thumbnail_bytes, kMaxThumbnail));
  }
}

}  // namespace

fs::path gallery_file(const fs::path& folder) {
  return folder / "gallery.db";
}

Gallery Gallery::create(const fs::path& folder, const GalleryForm& form) {
  check_form(form);
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (!fs::is_directory(folder)) throw IoError("cannot make the folder " + folder.string() + " for a gallery");
  Gallery gallery(store::Database(gallery_file(folder), store::Access::create, kApplication, kVersion));
  store::Transaction change(gallery.database_);
  gallery.database_.run(kTables);
  gallery.write_form(form);
  change.commit();
  gallery.form_ = form;
  return gallery;
}

Gallery Gallery::open(const fs::path& folder, store::Access access) {
  if (!fs::exists(gallery_file(folder))) throw IoError(folder.string() + " is no gallery: it has no gallery.db");
  Gallery gallery(store::Database(gallery_file(folder), access, kApplication, kVersion));
  gallery.read_form();
  return gallery;
}

void Gallery::write_form(const GalleryForm& form) {
  auto put = database_.prepare("INSERT INTO facts VALUES (?, ?)");
  for (const auto& [key, text] : {std::pair<const char*, std::string>{"id", random_id()},
                                  {"kind", to_string(form.kind)},
                                  {"network", form.network},
                                  {"recipe", form.recipe},
                                  {"source", form.source}}) {
    put.bind(1, std::string_view(key)).bind(2, std::string_view(text)).run();
  }
  // Galleries that were made before there were selections have none, and are read as ever.
  if (form.selection != FeatureSelection{}) {
    put.bind(1, std::string_view("selection")).bind(2, std::span<const std::uint8_t>(write_selection(form.selection)));
    put.run();
  }
  set_number("version", 0);
  set_number("dimension", static_cast<std::int64_t>(form.dimension));
  set_number("thumbnail_bytes", static_cast<std::int64_t>(form.thumbnail_bytes));
  auto name = database_.prepare("INSERT INTO classes VALUES (?, ?)");
  for (std::size_t c = 0; c < form.classes.size(); ++c) {
    name.bind(1, static_cast<std::int64_t>(c)).bind(2, std::string_view(form.classes[c])).run();
  }
}

void Gallery::read_form() {
  const auto text = [&](const char* key) {
    auto fact = database_.prepare("SELECT value FROM facts WHERE key = ?");
    if (!fact.bind(1, std::string_view(key)).step())
      throw FormatError(database_.name() + " says nothing of its " + key);
    return fact.text(0);
  };
  try {
    form_.kind = parse_vector_kind(text("kind"));
    form_.dimension = static_cast<std::size_t>(number("dimension"));
    form_.thumbnail_bytes = static_cast<std::size_t>(number("thumbnail_bytes"));
    auto selection = database_.prepare("SELECT value FROM facts WHERE key = 'selection'");
    if (selection.step()) form_.selection = read_selection(selection.blob(0), "its selection of features");
    check_form(form_);
  } catch (const Error& e) {
    throw FormatError(database_.name() + ": " + e.what());
  }
  form_.network = text("network"), form_.recipe = text("recipe"), form_.source = text("source");
  auto classes = database_.prepare("SELECT name FROM classes ORDER BY number");
  while (classes.step()) form_.classes.push_back(classes.text(0));
}

std::int64_t Gallery::number(const std::string& key) {
  auto fact = database_.prepare("SELECT value FROM facts WHERE key = ?");
  if (!fact.bind(1, std::string_view(key)).step()) throw FormatError(database_.name() + " says nothing of its " + key);
  return fact.integer(0);
}

void Gallery::set_number(const std::string& key, std::int64_t value) {
  database_.prepare("INSERT OR REPLACE INTO facts VALUES (?, ?)").bind(1, std::string_view(key)).bind(2, value).run();
}

GalleryState Gallery::state() {
  GalleryState state;
  auto id = database_.prepare("SELECT value FROM facts WHERE key = 'id'");
  if (id.step()) state.id = id.text(0);
  state.version = number("version");
  auto counts = database_.prepare("SELECT count(*), coalesce(max(place) + 1, 0) FROM images");
  if (counts.step()) {
    state.images = static_cast<std::size_t>(counts.integer(0));
    state.places = static_cast<std::size_t>(counts.integer(1));
  }
  if (state.places > kMaxPlaces) throw FormatError(database_.name() + " has a place beyond all that there can be");
  return state;
}

std::int64_t Gallery::begin_version() {
  const std::int64_t version = number("version") + 1;
  set_number("version", version);
  return version;
}

std::vector<std::size_t> Gallery::free_places(std::size_t count) {
  std::vector<std::size_t> places;
  auto holes = database_.prepare("SELECT place FROM places WHERE taken = 0 ORDER BY place LIMIT ?");
  holes.bind(1, static_cast<std::int64_t>(count));
  while (holes.step()) places.push_back(static_cast<std::size_t>(holes.integer(0)));
  auto last = database_.prepare("SELECT coalesce(max(place) + 1, 0) FROM places");
  last.step();
  for (auto next = static_cast<std::size_t>(last.integer(0)); places.size() < count; ++next) places.push_back(next);
  if (!places.empty() && places.back() >= kMaxPlaces) {
    throw UnsupportedError(fmt::format("a gallery has at most {} places", kMaxPlaces));
  }
  return places;
}

void Gallery::check(const GalleryImage& image) const {
  const auto refuse = [&](const std::string& problem) {
    throw MismatchError(fmt::format("image {}: {}", image.name, problem));
  };
  if (image.vector.size() != form_.dimension) {
    refuse(fmt::format("a vector of {} numbers, the gallery has {}", image.vector.size(), form_.dimension));
  }
  if (const auto problem = vector_problem(form_.kind, image.vector); !problem.empty()) {
    refuse("its vector is to be " + problem);
  }
  if (image.thumbnail.size() > form_.thumbnail_bytes) {
    refuse(fmt::format("a thumbnail of {} bytes, the gallery has room for {}", image.thumbnail.size(),
                       form_.thumbnail_bytes));
  }
  if (image.label < -1 || image.label >= static_cast<std::int64_t>(form_.classes.size())) {
    refuse(fmt::format("label {} of {} classes", image.label, form_.classes.size()));
  }
}

std::vector<std::size_t> Gallery::add(std::span<const GalleryImage> images) {
  for (const GalleryImage& image : images) check(image);
  store::Transaction change(database_);
  const std::int64_t version = begin_version();
  auto places = free_places(images.size());
  auto take = database_.prepare("INSERT OR REPLACE INTO places VALUES (?, ?, 1)");
  auto put = database_.prepare("INSERT INTO images VALUES (?, ?, ?, ?, ?, ?)");
  for (std::size_t i = 0; i < images.size(); ++i) {
    const GalleryImage& image = images[i];
    const auto vector = bytes_of(image.vector), sum = checksum_of(image.name, image.label, vector, image.thumbnail);
    const auto place = static_cast<std::int64_t>(places[i]);
    take.bind(1, place).bind(2, version).run();
    put.bind(1, place).bind(2, std::string_view(image.name)).bind(3, image.label);
    put.bind(4, std::span(vector)).bind(5, std::span(image.thumbnail)).bind(6, std::span(sum)).run();
  }
  change.commit();
  return places;
}

void Gallery::remove(std::span<const std::size_t> places) {
  store::Transaction change(database_);
  const std::int64_t version = begin_version();
  auto free =
      database_.prepare("UPDATE places SET version = ?, taken = 0 WHERE place = ? AND taken = 1 RETURNING place");
  auto drop = database_.prepare("DELETE FROM images WHERE place = ?");
  for (const std::size_t place : places) {
    const auto at = static_cast<std::int64_t>(place);
    if (!free.bind(1, version).bind(2, at).step()) {
      throw UsageError(fmt::format("{} has no image {} to remove", database_.name(), place));
    }
    free.run();
    drop.bind(1, at).run();
  }
  change.commit();
}

GalleryImage Gallery::image(std::size_t place) {
  auto row = database_.prepare("SELECT place, name, label, vector, thumbnail, checksum FROM images WHERE place = ?");
  if (!row.bind(1, static_cast<std::int64_t>(place)).step()) {
    throw UsageError(fmt::format("{} has no image {}", database_.name(), place));
  }
  return read_image(row, form_, database_.name());
}

std::vector<Gallery::Entry> Gallery::entries() {
  std::vector<Entry> entries;
  auto row = database_.prepare("SELECT place, name, label FROM images ORDER BY place");
  while (row.step()) entries.push_back({static_cast<std::size_t>(row.integer(0)), row.text(1), row.integer(2)});
  return entries;
}

Gallery::Vectors Gallery::vectors() {
  const std::size_t places = state().places;
  Vectors out{std::vector<float>(places * form_.dimension, form_.kind == VectorKind::code ? 1.0F : 0.0F),
              std::vector<bool>(places, false), std::vector<std::int64_t>(places, -1)};
  auto row = database_.prepare("SELECT place, name, label, vector, thumbnail, checksum FROM images ORDER BY place");
  while (row.step()) {
    const auto place = static_cast<std::size_t>(row.integer(0));
    const GalleryImage image = read_image(row, form_, database_.name());
    if (place >= places) continue;  // added since
    std::ranges::copy(image.vector, out.values.begin() + static_cast<std::ptrdiff_t>(place * form_.dimension));
    out.taken[place] = true, out.labels[place] = image.label;
  }
  return out;
}

std::vector<std::size_t> Gallery::changed_blocks(std::int64_t since, std::size_t block) {
  std::vector<std::size_t> blocks;
  auto row = database_.prepare("SELECT DISTINCT place / ? FROM places WHERE version > ? ORDER BY 1");
  row.bind(1, static_cast<std::int64_t>(block)).bind(2, since);
  while (row.step()) blocks.push_back(static_cast<std::size_t>(row.integer(0)));
  return blocks;
}

}  // namespace obscura::search
