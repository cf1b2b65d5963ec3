#include "base/place.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/notes.h"

namespace obscura {
namespace {

namespace fs = std::filesystem;

TEST(Place, IsWhereAFileCouldBe) {
  const fs::path folder = fs::temp_directory_path() / ("obscura-place-" + std::to_string(::getpid()));
  fs::create_directory(folder);
  EXPECT_NO_THROW(check_place(folder / "new"));
  std::ofstream(folder / "there") << "x";
  EXPECT_NO_THROW(check_place(folder / "there"));
  EXPECT_THROW(check_place(folder), IoError);
  EXPECT_THROW(check_place(folder / "none" / "new"), IoError);
  EXPECT_THROW(check_place(folder / "there" / "new"), IoError);
  EXPECT_THROW(check_place(folder / ""), IoError);
  fs::remove_all(folder);
}

TEST(Notes, GoToWhoeverListens) {
  EXPECT_NO_THROW(Notes()("nobody hears it"));
  std::string heard;
  Notes([&heard](const std::string& line) { heard += line + ";"; })("a line");
  EXPECT_EQ(heard, "a line;");
}

}  // namespace
}  // namespace obscura
