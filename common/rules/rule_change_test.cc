#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/rules/phrases.h"
#include "common/rules/rule.h"
#include "common/testing/testing.h"

namespace campaign::rules {
namespace {

using campaign::testing::ParseProto;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Changes as "goal (distance) -> target".
std::vector<std::string> ChangesOf(absl::string_view rule, const std::string& profile_text) {
  const auto compiled = CompiledRule::Compile(ParseProto<v1::Rule>(std::string(rule)), "when");
  EXPECT_OK(compiled);
  if (!compiled.ok()) return {};
  const auto profile = ParseProto<v1::Profile>(profile_text);
  std::vector<std::string> changes;
  compiled->ForEachChange({profile, nullptr}, [&](const Change& change) {
    changes.push_back(absl::StrCat(change.goal,
                                   change.distance ? absl::StrCat(" (", NumberText(*change.distance), ")") : "", " -> ",
                                   change.target));
  });
  return changes;
}

std::string Compare(absl::string_view text) { return absl::StrCat("compare { ", text, " }"); }

constexpr char kAudio[] = "feature: 'category_orders_120d.audio' operator: OPERATOR_GREATER_OR_EQUAL number: 2";
constexpr char kOrders[] = "feature: 'orders_365d' operator: OPERATOR_GREATER number: 5";
constexpr char kViews[] = "feature: 'category_views_30d.audio' operator: OPERATOR_GREATER_OR_EQUAL number: 9";

TEST(Changes, SayHowMuchIsMissing) {
  EXPECT_THAT(ChangesOf(Compare(kAudio), "categories { category: 'audio' orders_120d: 1 }"),
              ElementsAre("2 orders of audio in 120 days or more (1) -> 2"));
  EXPECT_THAT(ChangesOf(Compare(kOrders), "orders_365d: 5"), ElementsAre("more than: 5 orders in 365 days (1) -> 5"));
  EXPECT_THAT(ChangesOf(Compare("feature: 'messages_30d' operator: OPERATOR_LESS number: 2"), "messages_30d: 4"),
              ElementsAre("less than: 2 messages from us in 30 days (-3) -> 2"));
  EXPECT_THAT(ChangesOf(Compare("feature: 'activity_change' operator: OPERATOR_LESS_OR_EQUAL number: -0.8"),
                        "activity_change: -0.5"),
              ElementsAre("activity down 80 % against the previous 30 days, or lower (-0.3) -> -0.8"));
  EXPECT_THAT(ChangesOf(Compare("feature: 'orders_total' operator: OPERATOR_GREATER number: 0"), ""),
              ElementsAre("1 order in all or more (1) -> 0"));
}

TEST(Changes, OfWhatIsNoNumberNameTheValue) {
  EXPECT_THAT(
      ChangesOf(Compare("feature: 'country' operator: OPERATOR_IN texts: ['DE', 'AT']"), "customer { country: 'US' }"),
      ElementsAre("country AT or DE -> AT or DE"));
  EXPECT_THAT(ChangesOf(Compare("feature: 'last_announcement_ignored' operator: OPERATOR_EQUAL truth: true"), ""),
              ElementsAre("ignored the last feature update -> true"));
  EXPECT_THAT(ChangesOf(absl::StrCat("not { ", Compare("feature: 'tags' operator: OPERATOR_EQUAL text: 'vip'"), " }"),
                        "customer { tags: 'vip' }"),
              ElementsAre("not: tagged vip -> "));
  EXPECT_THAT(ChangesOf(Compare("feature: 'days_since_last_purchase' operator: OPERATOR_LESS number: 30"), ""),
              ElementsAre("less than: last bought 30 days ago -> 30"));
}

TEST(Changes, OfAllAreAllThatFail) {
  EXPECT_THAT(ChangesOf(absl::StrCat("all { rules { ", Compare(kAudio), " } rules { ", Compare(kOrders), " } rules { ",
                                     Compare(kViews), " } }"),
                        "orders_365d: 6"),
              ElementsAre("2 orders of audio in 120 days or more (2) -> 2",
                          "looked at audio 9 times in 30 days or more (9) -> 9"));
}

TEST(Changes, OfAnyAreTheNearest) {
  const std::string any = absl::StrCat("any { rules { all { rules { ", Compare(kAudio), " } rules { ", Compare(kOrders),
                                       " } } } rules { ", Compare(kViews), " } rules { ", Compare(kOrders), " } }");
  EXPECT_THAT(ChangesOf(any, "orders_365d: 5"), ElementsAre("more than: 5 orders in 365 days (1) -> 5"));
  EXPECT_THAT(ChangesOf(any, "categories { category: 'audio' views_30d: 8 }"),
              ElementsAre("looked at audio 9 times in 30 days or more (1) -> 9"));
}

TEST(Changes, OfARuleThatMatchesAreNone) {
  EXPECT_THAT(ChangesOf(Compare(kOrders), "orders_365d: 6"), IsEmpty());
  EXPECT_THAT(ChangesOf("", ""), IsEmpty());
}

}  // namespace
}  // namespace campaign::rules
