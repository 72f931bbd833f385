#include "services/compliance/jurisdictions.h"

#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/testing/testing.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::IsOk;
using ::campaign::testing::StatusIs;
using ::campaign::testing::TempDir;

// The smallest table: strictest alone. "$MORE" stands for further jurisdictions.
constexpr char kTable[] = R"(jurisdictions:
- name: strictest
  rules:
  - {law: strict, channels: [email, sms, push, chat], message_class: marketing, needs: [express]}
  - {law: order, channels: [email, sms, push, chat], message_class: transactional, needs: nothing}
$MORE)";

absl::StatusOr<Jurisdictions> ParseWith(absl::string_view more) {
  return Jurisdictions::Parse(absl::StrReplaceAll(kTable, {{"$MORE", more}}), "table.yaml");
}

const Jurisdictions& Shipped() {
  static const auto& table = *new Jurisdictions(Jurisdictions::ReadFromFile(JURISDICTIONS).value());
  return table;
}

TEST(Jurisdictions, TheTableThatShipsSaysWhatEachLawAsksFor) {
  struct Case {
    const char* country;
    v1::Channel channel;
    const char* jurisdiction;
    const char* needs;
  };
  for (const Case& c : {
           Case{"US", v1::CHANNEL_EMAIL, "US", "no objection"},
           Case{"US", v1::CHANNEL_SMS, "US", "express consent"},
           Case{"US", v1::CHANNEL_PUSH, "US", "express consent"},
           Case{"PR", v1::CHANNEL_EMAIL, "US", "no objection"},
           Case{"CA", v1::CHANNEL_EMAIL, "CA", "express consent or implied consent"},
           Case{"CA", v1::CHANNEL_SMS, "CA", "express consent or implied consent"},
           Case{"DE", v1::CHANNEL_EMAIL, "EU", "express consent or a legitimate interest"},
           Case{"DE", v1::CHANNEL_SMS, "EU", "express consent"},
           Case{"NO", v1::CHANNEL_CHAT, "EU", "express consent"},
           Case{"GB", v1::CHANNEL_EMAIL, "UK", "express consent or a legitimate interest"},
           Case{"GB", v1::CHANNEL_PUSH, "UK", "express consent"},
           Case{"JP", v1::CHANNEL_EMAIL, "strictest", "express consent"},
           Case{"", v1::CHANNEL_EMAIL, "strictest", "express consent"},
           Case{"us", v1::CHANNEL_EMAIL, "strictest", "express consent"},
           Case{"UK", v1::CHANNEL_EMAIL, "strictest", "express consent"},
       }) {
    const Jurisdiction& jurisdiction = Shipped().Of(c.country);
    EXPECT_EQ(jurisdiction.name, c.jurisdiction) << c.country;
    EXPECT_EQ(jurisdiction.RuleFor(c.channel, v1::MESSAGE_CLASS_MARKETING).NeedsText(), c.needs) << c.country;
    EXPECT_EQ(jurisdiction.RuleFor(c.channel, v1::MESSAGE_CLASS_UNSPECIFIED).NeedsText(), c.needs) << c.country;
    EXPECT_EQ(jurisdiction.RuleFor(c.channel, v1::MESSAGE_CLASS_TRANSACTIONAL).NeedsText(), "no consent") << c.country;
  }
  EXPECT_EQ(Shipped().Of("CA").RuleFor(v1::CHANNEL_EMAIL, v1::MESSAGE_CLASS_MARKETING).implied_lasts,
            absl::Hours(24 * 730));
}

TEST(Jurisdictions, TheEuropeanUnionHasTwentySevenMembers) {
  for (const char* country : {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
                              "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}) {
    EXPECT_EQ(Shipped().Of(country).name, "EU") << country;
  }
  for (const char* country : {"CH", "GB", "TR", "RS", "UA"}) EXPECT_NE(Shipped().Of(country).name, "EU") << country;
}

TEST(Jurisdictions, AreKnownByName) {
  for (const char* name : {"US", "CA", "EU", "UK"}) EXPECT_TRUE(Shipped().IsName(name)) << name;
  for (const char* name : {"", "DE", "strictest", "eu"}) EXPECT_FALSE(Shipped().IsName(name)) << name;
}

TEST(Jurisdictions, WithoutARuleAreAsTheStrictest) {
  const auto table = ParseWith(
      "- name: XX\n  countries: [XX]\n  rules:\n"
      "  - {law: lax, channels: [email], message_class: marketing, needs: no_objection}\n");
  ASSERT_OK(table);
  EXPECT_EQ(table->Of("XX").RuleFor(v1::CHANNEL_EMAIL, v1::MESSAGE_CLASS_MARKETING).law, "lax");
  EXPECT_EQ(table->Of("XX").RuleFor(v1::CHANNEL_SMS, v1::MESSAGE_CLASS_MARKETING).law, "strict");
  EXPECT_EQ(table->Of("XX").RuleFor(v1::CHANNEL_SMS, v1::MESSAGE_CLASS_TRANSACTIONAL).law, "order");
}

TEST(Jurisdictions, RefuseAMistakeWithItsLine) {
  const char kRule[] = "  rules: [{law: a, channels: [email], message_class: marketing, needs: [express]}]\n";
  const auto country = [&](absl::string_view lines) { return absl::StrCat("- name: XX\n", lines); };
  const auto rule = [&](absl::string_view text) {
    return absl::StrCat("- name: XX\n  countries: [XX]\n  rules:\n  - {law: a, ", text, "}\n");
  };
  const std::pair<std::string, const char*> cases[] = {
      {"- nam: XX\n", "table.yaml:6: unknown key 'nam'; did you mean 'name'?"},
      {"- just text\n", "table.yaml:6: wants a map, has 'just text'"},
      {"- name: XX\n  rules: []\n", "table.yaml:6: 'countries' is missing"},
      {"- name: XX\n  name: XX\n", "table.yaml:7: key 'name' comes twice"},
      {absl::StrCat("- name: seventeen bytes__\n", kRule),
       "table.yaml:6: name: 'seventeen bytes__' is not 1 to 16 bytes"},
      {absl::StrCat("- name: strictest\n", kRule), "table.yaml:6: jurisdiction 'strictest' comes twice"},
      {country("  countries: [XXX]\n  rules: []\n"),
       "table.yaml:7: countries: 'XXX' is not an ISO 3166-1 alpha-2 code"},
      {country("  countries: [XX, XX]\n  rules: []\n"), "table.yaml:7: country 'XX' comes twice"},
      {country("  countries: []\n  rules: []\n"), "table.yaml:7: countries: wants a list of at least one"},
      {country("  countries: [XX]\n  rules: []\n"), "table.yaml:8: rules: wants a list of at least one"},
      {rule("channels: [email], needs: [express]"), "table.yaml:9: 'message_class' is missing"},
      {rule("channels: [emial], message_class: marketing, needs: [express]"),
       "table.yaml:9: unknown channel 'emial'; did you mean 'email'?"},
      {rule("channels: [email, email], message_class: marketing, needs: [express]"),
       "table.yaml:9: channel 'email' has a rule for this message class already"},
      {rule("channels: [email], message_class: spam, needs: [express]"),
       "table.yaml:9: unknown message class 'spam'; known: marketing, transactional"},
      {rule("channels: [email], message_class: marketing, needs: [expres]"),
       "table.yaml:9: unknown legal basis 'expres'; did you mean 'express'?"},
      {rule("channels: [email], message_class: marketing, needs: []"),
       "table.yaml:9: needs: wants a list of at least one"},
      {rule("channels: [email], message_class: marketing, needs: something"), "table.yaml:9: unknown need 'something'"},
      {rule("channels: [email], message_class: marketing, needs: [express], implied_days: 0"),
       "table.yaml:9: implied_days: '0' is not a whole number from 1 to 3660"},
      {rule("channels: [email], message_class: marketing, needs: [express], implied_days: 3661"),
       "table.yaml:9: implied_days"},
      {rule("channels: [email], message_class: transactional, needs: no_objection"),
       "table.yaml:6: XX asks for more than strictest does before transactional by email"},
      {rule("channels: [sms], message_class: marketing, needs: [implied]"),
       "table.yaml:6: XX asks for more than strictest does before marketing by sms"},
      {"  - [unclosed\n", "table.yaml:"},
  };
  for (const auto& [more, error] : cases) {
    EXPECT_THAT(ParseWith(more), StatusIs(absl::StatusCode::kInvalidArgument, error)) << more;
  }
}

TEST(Jurisdictions, NeedAStrictestThatSaysEverything) {
  EXPECT_THAT(Jurisdictions::Parse("jurisdictions:\n- name: XX\n  countries: [XX]\n  rules:\n"
                                   "  - {law: a, channels: [sms], message_class: marketing, needs: [express]}\n",
                                   "t"),
              StatusIs(absl::StatusCode::kInvalidArgument, "t:2: the jurisdiction 'strictest' is missing"));
  EXPECT_THAT(Jurisdictions::Parse("jurisdictions:\n- name: strictest\n  rules:\n"
                                   "  - {law: a, channels: [email], message_class: marketing, needs: [express]}\n",
                                   "t"),
              StatusIs(absl::StatusCode::kInvalidArgument, "t:2: strictest has no rule for transactional by email"));
  EXPECT_THAT(Jurisdictions::Parse("jurisdictions:\n- name: strictest\n  countries: [DE]\n  rules: []\n", "t"),
              StatusIs(absl::StatusCode::kInvalidArgument, "t:2: strictest is for all countries of no other"));
}

TEST(Jurisdictions, RefuseAFileThatCannotBeRead) {
  TempDir folder;
  EXPECT_THAT(Jurisdictions::ReadFromFile(folder.File("none")),
              StatusIs(absl::StatusCode::kInvalidArgument, "none: cannot be read"));
  std::ofstream(folder.File("comments")) << "# nothing\n";
  EXPECT_THAT(Jurisdictions::ReadFromFile(folder.File("comments")),
              StatusIs(absl::StatusCode::kInvalidArgument, "comments:1: wants a map, has no value"));
}

}  // namespace
}  // namespace campaign::compliance
