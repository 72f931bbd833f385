#include "common/nearest_name.h"

#include <gtest/gtest.h>

namespace campaign {
namespace {

TEST(EditDistance, CountsLettersPutInTakenOutAndReplaced) {
  // Levenshtein's own kind of example: two replaced, one put in.
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("same", "same"), 0);
}

TEST(NearestName, FindsTypingErrorsAndNothingFarther) {
  EXPECT_EQ(NearestName("subjct", {"text", "subject", "html"}), "subject");
  EXPECT_EQ(NearestName("zzzzzz", {"text", "subject", "html"}), "");
}

}  // namespace
}  // namespace campaign
