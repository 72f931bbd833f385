#include "services/compliance/consent.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/testing/testing.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::IsOk;
using ::campaign::testing::StatusIs;
using ::campaign::testing::Utc;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using State = ConsentAnswer::State;

constexpr auto kExpress = v1::LEGAL_BASIS_EXPRESS_CONSENT;
constexpr auto kImplied = v1::LEGAL_BASIS_IMPLIED_CONSENT;
constexpr auto kInterest = v1::LEGAL_BASIS_LEGITIMATE_INTEREST;

const absl::Time kNow = Utc("2026-06-15 12:00:00");
absl::Time Day(int days_ago) { return kNow - absl::Hours(24) * days_ago; }

const Jurisdictions& Shipped() {
  static const auto& table = *new Jurisdictions(Jurisdictions::ReadFromFile(JURISDICTIONS).value());
  return table;
}

// Given `days_ago`, ending `ends_in` days from now (0: never), for one purpose.
ConsentRecord Given(v1::LegalBasis basis, int days_ago, int ends_in = 0, std::string purpose = "") {
  ConsentRecord record{
      .purpose = std::move(purpose), .granted = true, .legal_basis = basis, .event_time = Day(days_ago)};
  if (ends_in != 0) record.expire_time = Day(-ends_in);
  return record;
}

ConsentRecord Withdrawn(int days_ago, std::string purpose = "") {
  return {.purpose = std::move(purpose), .event_time = Day(days_ago), .withdraw_time = Day(days_ago)};
}

ConsentRecord After(ConsentRecord record, int withdrawn_days_ago) {
  record.withdraw_time = Day(withdrawn_days_ago);
  return record;
}

struct Case {
  const char* name;
  std::vector<ConsentRecord> records;
  State state;
  const char* purpose = "";
};

// Each of `cases` for marketing on the channel to a customer in the country. What stands and what is not needed is
// allowed, nothing else.
void ExpectStates(absl::string_view country, v1::Channel channel, const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const ConsentRule& rule = Shipped().Of(country).RuleFor(channel, v1::MESSAGE_CLASS_MARKETING);
    const ConsentAnswer answer = EvaluateConsent(rule, c.records, c.purpose, kNow);
    EXPECT_EQ(static_cast<int>(answer.state), static_cast<int>(c.state)) << c.name;
    EXPECT_EQ(answer.allowed, c.state == State::kStands || c.state == State::kNotNeeded) << c.name;
    Findings findings;
    CheckConsent(Shipped().Of(country), channel, v1::MESSAGE_CLASS_MARKETING, c.records, c.purpose, kNow, findings);
    EXPECT_EQ(findings.list.empty(), answer.allowed) << c.name;
  }
}

TEST(CanSpam, EmailToTheUnitedStatesIsOptOut) {
  ExpectStates(
      "US", v1::CHANNEL_EMAIL,
      {{"nothing is known", {}, State::kNotNeeded},
       {"given", {Given(kExpress, 10)}, State::kNotNeeded},
       {"opted out", {Withdrawn(10)}, State::kWithdrawn},
       {"affirmative consent after the opt-out, 7704(a)(4)(B)", {After(Given(kExpress, 5), 10)}, State::kStands},
       {"a purchase after the opt-out is no such consent", {After(Given(kImplied, 5), 10)}, State::kWithdrawn},
       {"that consent has ended", {After(Given(kExpress, 5, -1), 10)}, State::kExpired},
       {"a consent that ended was never needed", {Given(kExpress, 5, -1)}, State::kNotNeeded},
       {"opted out of the newsletter, asked for all", {Withdrawn(10, "newsletter")}, State::kWithdrawn},
       {"opted out of the newsletter only", {Withdrawn(10, "newsletter")}, State::kNotNeeded, "offers"},
       {"opted out of the newsletter", {Withdrawn(10, "newsletter")}, State::kWithdrawn, "newsletter"},
       {"opted out of all", {Withdrawn(10)}, State::kWithdrawn, "newsletter"}});
}

TEST(Tcpa, SmsToTheUnitedStatesNeedsExpressConsent) {
  ExpectStates("US", v1::CHANNEL_SMS,
               {{"nothing is known", {}, State::kNeverGiven},
                {"express", {Given(kExpress, 10)}, State::kStands},
                {"implied", {Given(kImplied, 10)}, State::kOtherBasis},
                {"legitimate interest", {Given(kInterest, 10)}, State::kOtherBasis},
                {"revoked", {Withdrawn(1)}, State::kWithdrawn}});
}

TEST(Casl, ImpliedConsentEndsTwoYearsAfterThePurchase) {
  ExpectStates("CA", v1::CHANNEL_EMAIL,
               {{"nothing is known", {}, State::kNeverGiven},
                {"express", {Given(kExpress, 4000)}, State::kStands},
                {"implied, the caller says until when", {Given(kImplied, 700, 30)}, State::kStands},
                {"implied, past what the caller said", {Given(kImplied, 200, -1)}, State::kExpired},
                {"implied, ends at this very moment", {Given(kImplied, 730)}, State::kExpired},
                {"implied, the last day", {Given(kImplied, 729)}, State::kStands},
                {"implied, the caller says three years", {Given(kImplied, 731, 364)}, State::kExpired},
                {"legitimate interest is nothing that CASL knows", {Given(kInterest, 10)}, State::kOtherBasis},
                {"bought again after unsubscribing", {After(Given(kImplied, 5), 10)}, State::kWithdrawn}});
}

TEST(EPrivacy, AnExistingCustomersAddressMayBeWrittenToUntilTheyObject) {
  ExpectStates("DE", v1::CHANNEL_EMAIL,
               {{"nothing is known", {}, State::kNeverGiven},
                {"express", {Given(kExpress, 10)}, State::kStands},
                {"soft opt-in, Art. 13(2)", {Given(kInterest, 10)}, State::kStands},
                {"implied", {Given(kImplied, 10)}, State::kOtherBasis},
                {"objected, GDPR Art. 21(3)", {Withdrawn(10)}, State::kWithdrawn},
                {"another purchase after the objection", {After(Given(kInterest, 5), 10)}, State::kWithdrawn}});
  ExpectStates("GB", v1::CHANNEL_EMAIL, {{"PECR reg. 22(3)", {Given(kInterest, 10)}, State::kStands}});
}

TEST(EPrivacy, OtherChannelsNeedExpressConsent) {
  for (const v1::Channel channel : {v1::CHANNEL_SMS, v1::CHANNEL_PUSH, v1::CHANNEL_CHAT}) {
    ExpectStates("FR", channel,
                 {{"express", {Given(kExpress, 10)}, State::kStands},
                  {"soft opt-in", {Given(kInterest, 10)}, State::kOtherBasis},
                  {"nothing is known", {}, State::kNeverGiven}});
  }
}

TEST(Gdpr, ConsentIsTakenBackAsEasilyAsItIsGivenArticle7Paragraph3) {
  ExpectStates("DE", v1::CHANNEL_SMS,
               {{"given", {Given(kExpress, 10)}, State::kStands},
                {"taken back", {Withdrawn(9)}, State::kWithdrawn},
                {"given again", {After(Given(kExpress, 8), 9)}, State::kStands},
                {"given and taken back at the same moment", {After(Given(kExpress, 9), 9)}, State::kWithdrawn},
                {"what was given again has ended", {After(Given(kExpress, 8, -1), 9)}, State::kExpired}});
}

TEST(Gdpr, ConsentIsForItsPurposeArticle6Paragraph1a) {
  ExpectStates(
      "DE", v1::CHANNEL_EMAIL,
      {{"for another purpose", {Given(kExpress, 9, 0, "surveys")}, State::kOtherPurpose, "offers"},
       {"for this purpose", {Given(kExpress, 9, 0, "offers")}, State::kStands, "offers"},
       {"for every purpose", {Given(kExpress, 9)}, State::kStands, "offers"},
       {"asked for any purpose", {Given(kExpress, 9, 0, "surveys")}, State::kStands},
       {"this one taken back from all", {Given(kExpress, 9), Withdrawn(5, "offers")}, State::kWithdrawn, "offers"},
       {"another taken back", {Given(kExpress, 9), Withdrawn(5, "surveys")}, State::kStands, "offers"},
       {"all taken back", {Withdrawn(5), Given(kExpress, 9, 0, "offers")}, State::kWithdrawn, "offers"},
       {"all taken back, then this given", {Withdrawn(9), Given(kExpress, 5, 0, "offers")}, State::kStands, "offers"},
       {"this taken back, then all given", {Given(kExpress, 5), Withdrawn(9, "offers")}, State::kStands, "offers"},
       {"all taken back, asked for any", {Withdrawn(5), Given(kExpress, 9, 0, "offers")}, State::kWithdrawn},
       {"ended for this, given for all",
        {Given(kExpress, 9), Given(kExpress, 5, -1, "offers")},
        State::kStands,
        "offers"}});
}

TEST(Strictest, HoldsWhereTheCountryIsNotKnown) {
  for (const char* country : {"", "ZZ", "JP", "us"}) {
    ExpectStates(country, v1::CHANNEL_EMAIL,
                 {{"nothing is known", {}, State::kNeverGiven},
                  {"implied", {Given(kImplied, 1)}, State::kOtherBasis},
                  {"legitimate interest", {Given(kInterest, 1)}, State::kOtherBasis},
                  {"express", {Given(kExpress, 1)}, State::kStands}});
  }
}

TEST(Transactional, MessagesNeedNoConsentEvenAfterAWithdrawal) {
  for (const char* country : {"US", "CA", "DE", "GB", ""}) {
    Findings findings;
    const std::vector<ConsentRecord> records = {Withdrawn(1)};
    CheckConsent(Shipped().Of(country), v1::CHANNEL_SMS, v1::MESSAGE_CLASS_TRANSACTIONAL, records, "", kNow, findings);
    EXPECT_THAT(findings.list, IsEmpty()) << country;
  }
}

TEST(NoConsent, SaysWhatStandsAndWhichLawAsksForWhat) {
  const auto text_of = [](absl::string_view country, v1::Channel channel, std::vector<ConsentRecord> records,
                          absl::string_view purpose = "") {
    Findings findings;
    CheckConsent(Shipped().Of(country), channel, v1::MESSAGE_CLASS_MARKETING, records, purpose, kNow, findings);
    if (findings.list.size() != 1) return std::string("no finding");
    EXPECT_EQ(findings.list[0].verdict, v1::VERDICT_BLOCK);
    EXPECT_EQ(findings.list[0].reason.code(), kNoConsent);
    return findings.list[0].reason.text();
  };
  EXPECT_EQ(text_of("US", v1::CHANNEL_SMS, {Given(kImplied, 1)}),
            "Consent to marketing by sms is only implied; TCPA, 47 CFR 64.1200(a)(2) asks for express consent");
  EXPECT_THAT(text_of("CA", v1::CHANNEL_EMAIL, {Given(kImplied, 731)}),
              HasSubstr("by email ended on 2026-06-14; CASL s. 6(1)(a), s. 10 asks for express consent or implied"));
  EXPECT_THAT(text_of("DE", v1::CHANNEL_PUSH, {Given(kExpress, 1, 0, "surveys")}, "offers"),
              HasSubstr("by push for offers was given for surveys only; "));
  EXPECT_THAT(text_of("US", v1::CHANNEL_EMAIL, {Withdrawn(1)}),
              HasSubstr("was withdrawn; CAN-SPAM, 15 U.S.C. 7704(a)(4) asks for no objection"));
  EXPECT_THAT(text_of("", v1::CHANNEL_EMAIL, {}),
              HasSubstr("was never given; strictest rule asks for express consent"));
}

TEST(NoConsent, CarriesJurisdictionLawAndPurposeAsFacts) {
  Findings findings;
  CheckConsent(Shipped().Of("AT"), v1::CHANNEL_SMS, v1::MESSAGE_CLASS_MARKETING, {}, "offers", kNow, findings);
  ASSERT_EQ(findings.list.size(), 1);
  std::string facts;
  for (const v1::Fact& fact : findings.list[0].reason.facts()) {
    absl::StrAppend(&facts, fact.name(), "=", fact.value(), "; ");
  }
  EXPECT_EQ(
      facts,
      "channel=sms; consent=never given; jurisdiction=EU; law=ePrivacy Art. 13(1), GDPR Art. 7; purpose=offers; ");
}

TEST(ConsentRequest, RefusesEndsThatMakeNoSense) {
  v1::RecordConsentsRequest request;
  v1::Consent& consent = *request.add_consents();
  consent.set_channel(v1::CHANNEL_SMS);
  consent.set_granted(true);
  *consent.mutable_event_time() = ToTimestamp(kNow);
  EXPECT_OK(CheckConsentRequest(request, kNow));
  *consent.mutable_expire_time() = ToTimestamp(kNow);
  EXPECT_THAT(CheckConsentRequest(request, kNow),
              StatusIs(absl::StatusCode::kInvalidArgument, "consents[0].expire_time: "));
  *consent.mutable_expire_time() = ToTimestamp(kNow + absl::Seconds(1));
  EXPECT_OK(CheckConsentRequest(request, kNow));
  consent.set_granted(false);
  EXPECT_THAT(CheckConsentRequest(request, kNow),
              StatusIs(absl::StatusCode::kInvalidArgument, "is of a withdrawal, which does not end"));
}

}  // namespace
}  // namespace campaign::compliance
