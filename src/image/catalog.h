#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace obscura::image {

/// A file of a data set as its makers published it.
struct CatalogFile {
  std::string name;
  std::uint64_t bytes;
  std::string sha256;  ///< 64 lower-case hexadecimal digits
};

/// Where a data set comes from and what its files must be.
struct CatalogEntry {
  std::string name;
  std::string terms;                   ///< who made it and under what licence
  std::vector<std::string> mirrors;    ///< base addresses, best first; none: it cannot be fetched by a program
  std::vector<CatalogFile> downloads;  ///< what the mirrors hold
  std::vector<CatalogFile> files;      ///< what lies in the data folder afterwards; the same unless unpacked
};

/// The entry of a data set. Throws UsageError for a name without one.
const CatalogEntry& catalog_entry(const std::string& name);

}  // namespace obscura::image
