#include "image/fetch.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "image/catalog.h"
#include "image/dataset.h"
#include "image/digest.h"
#include "image/download.h"
#include "image/loaders.h"
#include "image/tar.h"

namespace fs = std::filesystem;

namespace obscura::image {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// What is wrong with bytes that should be `file`, or nothing.
std::string problem_of(const Bytes& bytes, const CatalogFile& file) {
  if (bytes.size() != file.bytes) {
    return "it has " + std::to_string(bytes.size()) + " bytes instead of " + std::to_string(file.bytes);
  }
  return sha256(bytes) == file.sha256 ? "" : "its SHA-256 checksum is wrong";
}

void require_good(const Bytes& bytes, const CatalogFile& file, const std::string& where) {
  const std::string problem = problem_of(bytes, file);
  if (!problem.empty()) throw FormatError(where + " is not the published " + file.name + ": " + problem);
}

/// Reads whatever is there, however wrong its size: the size is the first thing to be checked.
Bytes read_any(const fs::path& path) {
  return read_file(path, std::size_t{1} << 31);
}

bool is_good(const fs::path& path, const CatalogFile& file) {
  std::error_code ec;
  return fs::is_regular_file(path, ec) && fs::file_size(path, ec) == file.bytes &&
         problem_of(read_any(path), file).empty();
}

void make_folder(const fs::path& folder) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) throw IoError("cannot make the folder " + folder.string() + ": " + ec.message());
}

class Fetcher {
 public:
  explicit Fetcher(const FetchRequest& request)
      : request_(request),
        entry_(catalog_entry(request.name)),
        folder_((request.to.empty() ? default_data_dir() : request.to) / request.name) {}

  std::vector<fs::path> run() const {
    if (!request_.from.empty()) require_from();
    if (!request_.mirror.empty()) require_https(request_.mirror);
    if (entry_.name == "neu-cls") return import_neu();
    make_folder(folder_);
    if (all_there()) {
      say("all files are there already, and whole");
    } else if (entry_.name == "cifar-10") {
      fetch_cifar();
    } else {
      fetch_files();
    }
    std::vector<fs::path> paths;
    for (const CatalogFile& file : entry_.files) paths.push_back(folder_ / file.name);
    return paths;
  }

  /// An empty folder would hide a full one elsewhere.
  void tidy() const {
    std::error_code ec;
    fs::remove(folder_ / "images", ec);
    fs::remove(folder_, ec);
  }

 private:
  void say(const std::string& line) const {
    if (request_.say) request_.say(line);
  }

  void require_from() const {
    std::error_code ec;
    if (!fs::is_directory(request_.from, ec)) throw IoError("there is no folder " + request_.from.string());
  }

  bool all_there() const {
    return std::all_of(entry_.files.begin(), entry_.files.end(),
                       [&](const CatalogFile& file) { return is_good(folder_ / file.name, file); });
  }

  /// `name` in the --from folder or in the set's own folder inside it; empty if it is in neither.
  fs::path offered(const std::string& name) const {
    std::error_code ec;
    for (const fs::path& at : {request_.from / name, request_.from / entry_.name / name}) {
      if (fs::is_regular_file(at, ec)) return at;
    }
    return {};
  }

  /// Takes all that can be had, so that a test split alone is of use, before it says what could not.
  void fetch_files() const {
    std::string missing;
    for (const CatalogFile& file : entry_.files) {
      const bool there = request_.from.empty() || !offered(file.name).empty() || is_good(folder_ / file.name, file);
      if (there) {
        fetch_plain(file);
      } else {
        missing += (missing.empty() ? "" : ", ") + file.name;
      }
    }
    if (!missing.empty()) throw IoError(request_.from.string() + " does not hold " + missing + "; the rest was taken");
  }

  void fetch_plain(const CatalogFile& file) const {
    if (is_good(folder_ / file.name, file)) return say(file.name + " is there already");
    if (request_.from.empty()) {
      const fs::path part = download_checked(file);
      fs::rename(part, folder_ / file.name);
    } else {
      write_file(folder_ / file.name, read_offered(file));
    }
    say(file.name + " fetched, checksum right");
  }

  Bytes read_offered(const CatalogFile& file) const {
    const fs::path source = offered(file.name);
    Bytes bytes = read_any(source);
    require_good(bytes, file, source.string());
    return bytes;
  }

  /// Tries one mirror after the other; returns the checked file under its passing name.
  fs::path download_checked(const CatalogFile& file) const {
    const fs::path part = folder_ / (file.name + ".part");
    std::error_code none;
    if (fs::is_symlink(part, none)) fs::remove(part, none);  // curl would write to where it leads
    const auto mirrors = request_.mirror.empty() ? entry_.mirrors : std::vector<std::string>{request_.mirror};
    if (is_good(part, file)) return part;
    std::string failure;
    for (const std::string& mirror : mirrors) {
      const std::string url = mirror + (mirror.back() == '/' ? "" : "/") + file.name;
      say("downloading " + url);
      try {
        download(url, part, file.bytes);
        require_good(read_any(part), file, url);
        return part;
      } catch (const FormatError& e) {
        // What came is worthless, so there is nothing to go on from. A broken line leaves its part for the next try.
        std::error_code ec;
        fs::remove(part, ec);
        failure = e.what();
      } catch (const IoError& e) {
        failure = e.what();
      }
    }
    throw IoError(failure + " (no mirror left to try; without internet, use --from FOLDER)");
  }

  void fetch_cifar() const {
    if (request_.from.empty()) return unpack_cifar(download_checked(entry_.downloads[0]), true);
    if (const fs::path archive = offered(entry_.downloads[0].name); !archive.empty()) {
      require_good(read_any(archive), entry_.downloads[0], archive.string());
      return unpack_cifar(archive, false);
    }
    for (std::size_t batch = 0; batch < entry_.files.size(); ++batch) {
      const CatalogFile& file = entry_.files[batch];
      const Bytes bytes = read_offered_batch(batch);
      require_good(bytes, file, request_.from.string());
      write_file(folder_ / file.name, bytes);
      say(file.name + " fetched, checksum right");
    }
  }

  void unpack_cifar(const fs::path& archive, bool remove_it) const {
    const auto find = [&](const std::string& name) {
      return std::find_if(entry_.files.begin(), entry_.files.end(),
                          [&](const CatalogFile& file) { return file.name == name; });
    };
    read_tar(
        read_any(archive), archive.string(), entry_.files[0].bytes,
        [&](const std::string& name) { return find(name) != entry_.files.end(); },
        [&](const std::string& name, Bytes bytes) {
          require_good(bytes, *find(name), archive.string() + ", member " + name);
          write_file(folder_ / name, bytes);
          say(name + " unpacked, checksum right");
        });
    if (remove_it) fs::remove(archive);
  }

  /// A binary batch from the --from folder, or the same put together from its lossless sheets.
  Bytes read_offered_batch(std::size_t batch) const {
    std::error_code ec;
    for (const fs::path& at : {request_.from, request_.from / entry_.name}) {
      if (const fs::path binary = cifar10_binary_folder(at); !binary.empty()) {
        return read_any(binary / entry_.files[batch].name);
      }
      if (fs::exists(at / "test_labels.u8", ec)) return cifar10_batch_from_sheets(at, batch);
    }
    throw IoError(request_.from.string() + " holds neither " + entry_.downloads[0].name + " nor CIFAR-10's batches");
  }

  std::vector<fs::path> import_neu() const {
    if (request_.from.empty()) {
      throw UsageError(
          "NEU-CLS has no fixed address: get it by hand from "
          "http://faculty.neu.edu.cn/songkechen/zh_CN/zdylm/263270/list/index.htm, then "
          "obscura data fetch neu-cls --from FOLDER");
    }
    std::error_code ec;
    const fs::path inside = request_.from / "neu-cls";
    const auto files = find_neu_images(fs::is_directory(inside, ec) ? inside : request_.from);
    make_folder(folder_ / "images");
    const auto names = neu_classes();
    std::vector<fs::path> paths;
    for (std::size_t c = 0; c < files.size(); ++c) {
      for (std::size_t n = 0; n < files[c].size(); ++n) {
        const Bytes bytes = read_any(files[c][n]);
        require_neu_size(decode_image(bytes, files[c][n].string()), files[c][n]);
        paths.push_back(folder_ / "images" /
                        (names[c] + "_" + std::to_string(n + 1) + files[c][n].extension().string()));
        write_file(paths.back(), bytes);
      }
      say(names[c] + ": 300 images");
    }
    return paths;
  }

  static void require_neu_size(const Image& image, const fs::path& path) {
    if (image.height != 200 || image.width != 200) throw FormatError(path.string() + " is not 200x200 pixels");
  }

  const FetchRequest& request_;
  const CatalogEntry& entry_;
  fs::path folder_;
};

}  // namespace

std::vector<fs::path> fetch_dataset(const FetchRequest& request) {
  const Fetcher fetcher(request);
  try {
    return fetcher.run();
  } catch (const Error&) {
    fetcher.tidy();
    throw;
  } catch (const fs::filesystem_error& e) {
    throw IoError(std::string("cannot fetch ") + request.name + ": " + e.code().message());
  }
}

}  // namespace obscura::image
