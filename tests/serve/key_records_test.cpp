// Records of keys: the same in memory and on the disk, and what becomes of them when the clock jumps.
#include "serve/keys/key_records.h"

#include <gtest/gtest.h>

#include "serve/state/writer.h"
#include "support/temporary.h"

namespace obscura::serve {
namespace {

KeyRecord record(std::int64_t tenant, const std::string& hash, std::int64_t created) {
  return {tenant, hash, 100, "key", "parameters", created, created};
}

TEST(KeyRecords, AreThereAfterARestart) {
  const TemporaryFolder folder;
  {
    Writer writer(folder.path());
    KeyRecords records(writer);
    records.add(record(1, "a", 10));
    records.add(record(1, "b", 20));
    records.add(record(2, "a", 30));
    EXPECT_TRUE(records.remove(1, "a"));
    EXPECT_FALSE(records.remove(1, "a"));
  }
  Writer writer(folder.path());
  const KeyRecords records(writer);
  EXPECT_EQ(records.all().size(), 2U);
  EXPECT_FALSE(records.find(1, "a"));
  EXPECT_EQ(records.find(2, "a")->created, 30);
  EXPECT_EQ(records.bytes_of(1), 100U);
  EXPECT_EQ(records.of_key(1, "key", "parameters").size(), 1U);
  EXPECT_TRUE(records.of_key(1, "key", "others").empty());
}

TEST(KeyRecords, KeepTheTimeThatTheyHaveLeftWhenTheClockJumps) {
  const TemporaryFolder folder;
  constexpr std::int64_t kYear = std::int64_t{365} * 24 * 3600;
  {
    Writer writer(folder.path());
    KeyRecords records(writer);
    records.add(record(1, "a", 1000));
    records.used(1, "a", 1500);
    records.shift(kYear);
    EXPECT_EQ(records.find(1, "a")->last_used, 1500 + kYear);
  }
  Writer writer(folder.path());
  EXPECT_EQ(KeyRecords(writer).find(1, "a")->last_used, 1500 + kYear);
}

TEST(Writer, OneThatFailsTakesNothingOfItsNeighbours) {
  const TemporaryFolder folder;
  {
    Writer writer(folder.path());
    KeyRecords records(writer);
    EXPECT_ANY_THROW(writer.run([](store::Database& database) {
      database.run("INSERT INTO tenants (name, created) VALUES ('half', 1)");
      throw std::runtime_error("no");
    }));
    records.add(record(1, "a", 10));
  }
  Writer writer(folder.path());
  std::int64_t tenants = -1;
  writer.run([&](store::Database& database) {
    auto count = database.prepare("SELECT count(*) FROM tenants");
    if (count.step()) tenants = count.integer(0);
  });
  EXPECT_EQ(tenants, 0);
  EXPECT_TRUE(KeyRecords(writer).find(1, "a"));
}

}  // namespace
}  // namespace obscura::serve
