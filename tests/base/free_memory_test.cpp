#include "base/free_memory.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>

#include "support/temporary.h"

namespace obscura {
namespace {

namespace fs = std::filesystem;

class FreeMemory : public ::testing::Test {
 protected:
  void put(const std::string& file, const std::string& text) {
    fs::create_directories((folder_.path() / file).parent_path());
    std::ofstream(folder_.path() / file) << text;
  }
  double left() const { return free_memory(folder_.path()); }

  TemporaryFolder folder_;
};

constexpr const char* kMachine = "MemTotal: 16000 kB\nMemFree: 10 kB\nMemAvailable:  8000 kB\nSwapFree: 500 kB\n";

TEST_F(FreeMemory, IsUnlimitedWhereNothingIsKnown) {
  EXPECT_TRUE(std::isinf(left()));
}

TEST_F(FreeMemory, IsWhatTheMachineHasAvailable) {
  put("proc/meminfo", kMachine);
  EXPECT_EQ(left(), 8500.0 * 1024);
  put("sys/fs/cgroup/memory.max", "max\n");
  put("sys/fs/cgroup/memory.current", "123\n");
  EXPECT_EQ(left(), 8500.0 * 1024);
}

/// A container sees its own group as the mount; a service is in a group within groups, of which any may be the least.
TEST_F(FreeMemory, IsWhatControlGroupsLeave) {
  put("proc/meminfo", kMachine);
  put("sys/fs/cgroup/memory.max", "5000000\n");
  put("sys/fs/cgroup/memory.current", "3000000\n");
  put("sys/fs/cgroup/memory.stat", "anon 5\ninactive_file 250000\nactive_file 7\n");
  EXPECT_EQ(left(), 2250000);
  put("proc/self/cgroup", "0::/system.slice/obscura.service\n");
  EXPECT_EQ(left(), 2250000) << "folders that cannot be seen limit nothing";
  put("sys/fs/cgroup/system.slice/obscura.service/memory.max", "max\n");
  put("sys/fs/cgroup/system.slice/memory.max", "1000000\n");
  put("sys/fs/cgroup/system.slice/memory.current", "400000\n");
  EXPECT_EQ(left(), 600000);
  put("sys/fs/cgroup/system.slice/memory.current", "1400000\n");
  EXPECT_EQ(left(), 0);
}

TEST_F(FreeMemory, KnowsTheFirstVersionToo) {
  put("proc/self/cgroup", "12:cpu:/a\n4:memory:/docker/b\n0::/\n");
  put("sys/fs/cgroup/memory/docker/b/memory.limit_in_bytes", "900\n");
  put("sys/fs/cgroup/memory/docker/b/memory.usage_in_bytes", "500\n");
  put("sys/fs/cgroup/memory/docker/b/memory.stat", "inactive_file 1\ntotal_inactive_file 30\n");
  EXPECT_EQ(left(), 430);
}

TEST_F(FreeMemory, OfThisMachineIsSome) {
  EXPECT_GT(free_memory(), 1e6);
}

}  // namespace
}  // namespace obscura
