#include <algorithm>
#include <cmath>
#include <random>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/models/cdnow_testing.h"
#include "tools/campaignctl/campaign_yaml.h"
#include "tools/campaignctl/testing_fakes.h"

namespace campaign::ctl {
namespace {

using ::testing::HasSubstr;

std::string PurchaseLine(int number, absl::string_view customer, absl::Time time, int64_t amount_minor) {
  return absl::StrCat("{\"eventId\":\"e", number, "\",\"customerId\":\"", customer, "\",\"eventTime\":\"",
                      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()),
                      "\",\"purchase\":{\"orderId\":\"o", number, "\",\"amountMinor\":\"", amount_minor, "\"}}\n");
}

class TrainChurnTest : public ToolTest {
 protected:
  // Customers who differ in how often they order, in what they spend, and in when they leave.
  void WriteShop(int customers) {
    std::mt19937 random(11);
    std::string names, events;
    int number = 0;
    for (int i = 0; i < customers; ++i) {
      absl::StrAppend(&names, "{\"customerId\":\"c", i, "\",\"currencyCode\":\"EUR\"}\n");
      const double rate = std::gamma_distribution<double>(0.8, 0.02)(random);  // A day.
      const double spend = 1000 * std::gamma_distribution<double>(5, 1)(random);
      const double stays = std::gamma_distribution<double>(5, 1)(random);
      const double goes = std::gamma_distribution<double>(1, 1)(random);
      for (double day = i % 60; day < 400;) {
        const auto amount = static_cast<int64_t>(std::gamma_distribution<double>(6, spend / 6)(random)) + 1;
        absl::StrAppend(&events, PurchaseLine(++number, absl::StrCat("c", i), start_ + absl::Hours(24) * day, amount));
        if (day > i % 60 && std::uniform_real_distribution<double>()(random) < goes / (goes + stays)) break;
        day += std::exponential_distribution<double>(rate)(random) + 0.01;
      }
    }
    Write("customers.jsonl", names);
    Write("events.jsonl", events);
  }

  v1::ChurnConfig Pasted(const std::string& yaml) {
    const LoadedCampaign loaded = LoadCampaign(yaml);
    for (const LoadError& error : loaded.errors) ADD_FAILURE() << FormatLoadError("pasted", error);
    return loaded.campaign.segmentation().churn();
  }

  const absl::Time start_ = testing::Utc("2025-01-01 00:00:00");
};

TEST_F(TrainChurnTest, FindsThePublishedParametersInCdnowsOrders) {
  SKIP_WITHOUT_CDNOW();
  std::string events;
  int number = 0;
  for (const auto& [id, days] : models::CdnowCustomers()) {
    for (const auto& [day, dollars] : days) {
      absl::StrAppend(&events, PurchaseLine(++number, absl::StrCat("c", id), absl::FromCivil(day, absl::UTCTimeZone()),
                                            std::llround(100 * dollars)));
    }
  }
  Write("events.jsonl", events);
  const Outcome outcome = Bare({"train", "churn", dir_.path(), "--as-of", "1997-09-30T00:00:00Z"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("fitted to 2,357 customers, 946 of them with repeat orders, until 1997-09-30"));
  const v1::ChurnConfig churn = Pasted(outcome.out);
  EXPECT_EQ(churn.model(), v1::CHURN_MODEL_BG_NBD);
  EXPECT_NEAR(churn.bg_nbd().r(), 0.243, 1e-3);
  EXPECT_NEAR(churn.bg_nbd().alpha(), 4.414, 5e-3);
  EXPECT_NEAR(churn.bg_nbd().a(), 0.793, 3e-3);
  EXPECT_NEAR(churn.bg_nbd().b(), 2.426, 1e-2);
  EXPECT_GT(churn.bg_nbd().spend().q(), 1);
}

TEST_F(TrainChurnTest, PrintsAModelThatACampaignFileCanHoldAndItsCheck) {
  WriteShop(600);
  const Outcome outcome = Bare({"train", "churn", dir_.path()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("# BG/NBD, fitted to 600 customers, "));
  EXPECT_THAT(outcome.out, HasSubstr("# Fitted without the last 90 days it expects "));
  EXPECT_THAT(outcome.out, HasSubstr("# Gamma-Gamma, fitted to the orders of 600 customers; log likelihood -"));
  const v1::BgNbdConfig model = Pasted(outcome.out).bg_nbd();
  // What the shop was drawn from: gamma(0.8, 50 days), beta(1, 5), an order of 50.
  EXPECT_NEAR(model.r(), 0.8, 0.2);
  EXPECT_NEAR(model.alpha(), 50 / 7.0, 2);
  EXPECT_NEAR(model.a() / (model.a() + model.b()), 1 / 6.0, 0.06);
  EXPECT_EQ(model.unit_days(), 7);
  EXPECT_EQ(model.spend().currency_code(), "EUR");
  EXPECT_NEAR(model.spend().p() * model.spend().v() / (model.spend().q() - 1), 50, 10);
}

TEST_F(TrainChurnTest, JsonHasTheModelAndTheFigures) {
  WriteShop(300);
  const Outcome outcome = Bare({"train", "churn", dir_.path(), "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\"bgNbd\""));
  EXPECT_THAT(outcome.out, HasSubstr("\"customerCount\": 300"));
  EXPECT_THAT(outcome.out, HasSubstr("\"actualOrders\""));
}

TEST_F(TrainChurnTest, ARepeatedEventCountsOnceAndStrangersNotAtAll) {
  WriteShop(300);
  const std::string once = Bare({"train", "churn", dir_.path()}).out;
  EXPECT_THAT(once, HasSubstr("fitted to 300 customers"));
  std::ifstream file(dir_.File("events.jsonl"));
  const std::string events((std::istreambuf_iterator<char>(file)), {});
  Write("events.jsonl", absl::StrCat(events, events, PurchaseLine(999'999, "nobody", start_, 5)));
  const Outcome twice = Bare({"train", "churn", dir_.path()});
  EXPECT_EQ(twice.out, once);
  EXPECT_THAT(twice.err, HasSubstr("1 purchases of customers that customers.jsonl does not know were left out"));
}

TEST_F(TrainChurnTest, SaysWhatIsMissing) {
  EXPECT_EQ(Bare({"train", "churn", dir_.path()}).err,
            absl::StrCat("campaignctl: ", dir_.path(), " holds no events.jsonl\n"));
  Write("events.jsonl", PurchaseLine(1, "c1", start_, 100));
  const Outcome few = Bare({"train", "churn", dir_.path()});
  EXPECT_EQ(few.code, 1);
  EXPECT_EQ(few.err, "campaignctl: 0 of 1 customers ordered again; at least 30 are needed\n");
  Write("events.jsonl", "{\"eventId\":\"e\",\"customerId\":\"c\"}\n");
  EXPECT_THAT(Bare({"train", "churn", dir_.path()}).err,
              HasSubstr("events.jsonl:1: an event needs event_id, customer_id and event_time"));
}

TEST_F(TrainChurnTest, RefusesFlagsThatMeanNothing) {
  Write("events.jsonl", PurchaseLine(1, "c1", start_, 100));
  EXPECT_EQ(Bare({"train", "churn", dir_.path(), "--model", "pareto"}).code, 2);
  EXPECT_EQ(Bare({"train", "churn", dir_.path(), "--as-of", "yesterday"}).code, 2);
  EXPECT_EQ(Bare({"train", "churn", dir_.path(), "--window", "1h"}).code, 2);
}

TEST_F(TrainChurnTest, LogisticLearnsFromProfilesAsTheyWereWhoLeft) {
  absl::Time asked;
  // Of everybody's profile only this one feature is known: the half with even numbers complained.
  retrieval_.get_profiles.answer = [&](const v1::GetProfilesRequest& request, v1::GetProfilesResponse& response) {
    asked = FromTimestamp(request.as_of());
    for (const std::string& id : request.customer_ids()) {
      response.add_results()->mutable_profile()->set_complaints_365d((id.back() - '0') % 2 == 0 ? 2 : 0);
    }
    return grpc::Status::OK;
  };
  // Nine in ten who complained bought nothing after day 190, and one in ten of the others.
  std::mt19937 random(2);
  std::string events;
  for (int i = 0; i < 600; ++i) {
    const std::string customer = absl::StrCat("c", i);
    absl::StrAppend(&events, PurchaseLine(2 * i, customer, start_ + absl::Hours(24) * (i % 100), 100));
    const bool stays = (i % 2 == 1) == (random() % 10 < 9);
    if (stays) absl::StrAppend(&events, PurchaseLine(2 * i + 1, customer, start_ + absl::Hours(24) * 250, 100));
  }
  Write("events.jsonl", events);
  const Outcome outcome = Tool({"train", "churn", dir_.path(), "--model", "logistic", "--window", "60d"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(asked, start_ + absl::Hours(24) * 190);
  EXPECT_THAT(outcome.out, HasSubstr("# Logistic, fitted to 600 customers as of 2025-07-10, of whom "));
  EXPECT_THAT(outcome.out, HasSubstr("AUC 0.9"));
  const v1::ChurnConfig churn = Pasted(outcome.out);
  EXPECT_EQ(churn.model(), v1::CHURN_MODEL_LOGISTIC);
  EXPECT_GT(churn.calibration().slope(), 0.5);
  const auto complaints = std::find_if(churn.terms().begin(), churn.terms().end(),
                                       [](const v1::ChurnTerm& term) { return term.feature() == "complaints_365d"; });
  ASSERT_NE(complaints, churn.terms().end());
  EXPECT_GT(complaints->weight(), 1.5);
}

TEST_F(TrainChurnTest, LogisticNeedsEnoughCustomers) {
  Write("events.jsonl", PurchaseLine(1, "c1", start_, 100));
  EXPECT_THAT(Tool({"train", "churn", dir_.path(), "--model", "logistic"}).err,
              HasSubstr("only 0 customers had bought by then; at least 200 are needed"));
}

}  // namespace
}  // namespace campaign::ctl
