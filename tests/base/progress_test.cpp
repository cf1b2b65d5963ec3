// Who hears of progress in the place of standard error.
#include "base/progress.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "base/error.h"

namespace obscura {
namespace {

using Heard = std::vector<std::tuple<std::size_t, std::size_t, std::string>>;

ProgressHearer into(Heard& heard) {
  return
      [&heard](std::size_t done, std::size_t total, const std::string& unit) { heard.emplace_back(done, total, unit); };
}

TEST(ProgressListener, HearsWhatItsThreadMakesWhetherEnabledOrNot) {
  Heard heard;
  {
    const ProgressListener listener(into(heard));
    Progress shown("drawing", 5, "images", true), silent("reading", 0, "files", false);
    shown.advance(2), silent.advance(), shown.advance(3);
  }
  EXPECT_EQ(heard, (Heard{{2, 5, "images"}, {1, 0, "files"}, {5, 5, "images"}}));
}

TEST(ProgressListener, HearsAlsoWhatOtherThreadsAdvance) {
  Heard heard;
  const ProgressListener listener(into(heard));
  Progress work("work", 2, "pieces", false);
  std::thread([&] { work.advance(); }).join();
  EXPECT_EQ(heard, (Heard{{1, 2, "pieces"}}));
}

TEST(ProgressListener, DoesNotHearOtherThreadsNorWhatIsMadeBehindIt) {
  Heard heard, inner;
  {
    const ProgressListener listener(into(heard));
    std::thread([] { Progress("elsewhere", 1, "pieces", false).advance(); }).join();
    {
      const ProgressListener nearer(into(inner));
      Progress("inner", 1, "pieces", false).advance();
    }
    Progress("outer", 1, "pieces", false).advance();
  }
  Progress("behind", 1, "pieces", false).advance();
  EXPECT_EQ(heard, (Heard{{1, 1, "pieces"}}));
  EXPECT_EQ(inner.size(), 1u);
}

TEST(ProgressListener, EndsWorkByThrowing) {
  const ProgressListener listener([](std::size_t done, std::size_t, const std::string&) {
    if (done == 3) throw CancelledError("called off");
  });
  Progress work("work", 5, "pieces", true);
  EXPECT_THROW(
      {
        for (int i = 0; i < 5; ++i) work.advance();
      },
      CancelledError);
}

}  // namespace
}  // namespace obscura
