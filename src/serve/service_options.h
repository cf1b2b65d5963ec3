#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serve/galleries/trusted.h"
#include "serve/service.h"

namespace obscura::serve {

struct Service::Options {
  std::filesystem::path models;                                  ///< a folder (models/model.h); empty: galleries alone
  std::vector<std::filesystem::path> galleries;                  ///< folders that `obscura index` made
  std::filesystem::path state;                                   ///< a folder, made where it is missing
  std::size_t threads = 0;                                       ///< 0: as many as the machine has; also jobs at a time
  std::size_t backlog = 256;                                     ///< jobs that may wait
  double most_wait = 60;                                         ///< seconds that one may have to wait
  std::size_t query_memory = std::size_t{1} << 30;               ///< bytes of queries that may wait
  std::size_t matrix_memory = std::size_t{2} << 30;              ///< bytes of encoded matrices of all models
  std::size_t key_memory = std::size_t{4} << 30;                 ///< bytes of expanded keys in memory
  std::uint64_t key_bytes_per_tenant = std::uint64_t{16} << 30;  ///< on disk
  std::int64_t key_seconds = std::int64_t{30} * 24 * 3600;       ///< keys that nobody used for so long go
  std::shared_ptr<TrustedPictures> trusted;  ///< mode trusted, in which THE SERVER SEES PICTURES; none: it is off
  bool behind_proxy = false;                 ///< TLS ends before this server: tokens on plain connections are taken
  /// Lines for who runs the server. Nothing of an image, a key or a token is in them.
  std::function<void(const std::string& line)> log = [](const std::string&) {};
};

}  // namespace obscura::serve
