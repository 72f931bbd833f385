#include "common/config_cache.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"

namespace campaign {
namespace {

using testing::StatusIs;

class ConfigCacheTest : public ::testing::Test {
 protected:
  // The compiled form of `version`, which says how many were compiled before it.
  int Get(const std::string& version) {
    auto compiled = cache_.Get(version, [this]() -> absl::StatusOr<int> { return compiled_++; });
    EXPECT_OK(compiled);
    return **compiled;
  }

  ConfigCache<int> cache_{/*capacity=*/2};
  int compiled_ = 0;
};

TEST_F(ConfigCacheTest, CompilesAVersionOnce) {
  EXPECT_EQ(Get("a"), 0);
  EXPECT_EQ(Get("b"), 1);
  EXPECT_EQ(Get("a"), 0);
  EXPECT_EQ(compiled_, 2);
}

TEST_F(ConfigCacheTest, ForgetsTheVersionUsedLongestAgo) {
  Get("a");
  Get("b");
  Get("a");
  Get("c");  // b goes.
  EXPECT_EQ(Get("a"), 0);
  EXPECT_EQ(Get("c"), 2);
  EXPECT_EQ(Get("b"), 3);
}

TEST_F(ConfigCacheTest, AFormInUseOutlivesItsPlaceInTheCache) {
  auto held = cache_.Get("a", [] { return absl::StatusOr<int>(7); });
  ASSERT_OK(held);
  Get("b");
  Get("c");
  EXPECT_EQ(**held, 7);
}

TEST_F(ConfigCacheTest, DoesNotKeepAnError) {
  EXPECT_THAT(cache_.Get("a", []() -> absl::StatusOr<int> { return absl::InvalidArgumentError("no"); }),
              StatusIs(absl::StatusCode::kInvalidArgument, "no"));
  EXPECT_EQ(Get("a"), 0);
}

TEST(ConfigCache, GivesManyThreadsTheFormOfTheVersionThatTheyAskFor) {
  ConfigCache<std::string> cache(/*capacity=*/4);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string version = absl::StrCat((t * 7 + i) % 6);
        auto form = cache.Get(version, [&] { return absl::StatusOr<std::string>(absl::StrCat("form of ", version)); });
        if (!form.ok() || **form != absl::StrCat("form of ", version)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace campaign
