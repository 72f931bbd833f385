#include "tools/campaignctl/testing_fakes.h"

namespace campaign::ctl {
namespace {

using ::testing::HasSubstr;

class ImportTest : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    retrieval_.import_customers.answer = [](const auto& request, auto& response) {
      response.set_created_count(request.customers_size());
      return grpc::Status::OK;
    };
    retrieval_.record_events.answer = [](const auto& request, auto& response) {
      response.set_recorded_count(request.events_size());
      return grpc::Status::OK;
    };
    compliance_.record_consents.Returns("changed_count: 1");
    compliance_.add.Returns("added_count: 0");
  }
};

TEST_F(ImportTest, SendsEveryFileAndCounts) {
  std::string customers;
  for (int i = 0; i < 1001; ++i) absl::StrAppend(&customers, "{\"customerId\": \"c", i, "\"}\n\n");
  Write("customers.jsonl", customers);
  Write("events.jsonl", "{\"event_id\":\"e1\",\"customer_id\":\"c1\",\"page_view\":{\"product_id\":\"p\"}}");
  Write("consents.jsonl", "{\"customerId\":\"c1\",\"channel\":\"CHANNEL_EMAIL\",\"granted\":true}\n");
  Write("suppressions.jsonl", "{\"address\":\"x@example.com\"}\n");
  const Outcome outcome = Tool({"import", dir_.path()});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out,
            "FILE                 READ  STORED  KNOWN  REFUSED\n"
            "customers.jsonl     1,001   1,001      0        0\n"
            "events.jsonl            1       1      0        0\n"
            "consents.jsonl          1       1      0        0\n"
            "suppressions.jsonl      1       0      1        0\n");
  EXPECT_EQ(outcome.err, "");
  ASSERT_EQ(retrieval_.import_customers.requests.size(), 2);
  EXPECT_EQ(retrieval_.import_customers.requests[0].customers_size(), 1000);
  EXPECT_EQ(retrieval_.import_customers.requests[1].customers(0).customer_id(), "c1000");
  EXPECT_EQ(compliance_.record_consents.requests[0].consents(0).channel(), v1::CHANNEL_EMAIL);
}

TEST_F(ImportTest, ShowsProgressOnATerminal) {
  terminal_ = true;
  Write("customers.jsonl", "{\"customerId\": \"c\"}\n");
  EXPECT_THAT(Tool({"import", dir_.path()}).err, HasSubstr("\r\x1b[Kcustomers.jsonl  1  "));
}

TEST_F(ImportTest, NamesTheLineThatIsNoMessage) {
  Write("customers.jsonl", "{\"customerId\": \"c\"}\n\n{\"customerNumber\": 5}\n");
  const Outcome outcome = Tool({"import", dir_.path()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr(dir_.File("customers.jsonl") + ":3: "));
  EXPECT_THAT(outcome.err, HasSubstr("customerNumber"));
  EXPECT_TRUE(retrieval_.import_customers.requests.empty());
}

TEST_F(ImportTest, CountsWhatWentInBeforeABrokenLine) {
  std::string customers;
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&customers, "{\"customerId\": \"c", i, "\"}\n");
  Write("customers.jsonl", customers + "{\n");
  Write("events.jsonl", "{}\n");
  const Outcome outcome = Tool({"import", dir_.path()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("customers.jsonl:1001: "));
  EXPECT_EQ(retrieval_.import_customers.requests.size(), 1);
  EXPECT_TRUE(retrieval_.record_events.requests.empty());
}

TEST_F(ImportTest, NamesTheLineOfAServersError) {
  retrieval_.import_customers.Fails(grpc::StatusCode::INVALID_ARGUMENT, "customers[1].country: 3 bytes is above 2");
  Write("customers.jsonl", "{\"customerId\": \"c\"}\n\n{\"country\": \"DEU\"}\n");
  EXPECT_EQ(Tool({"import", dir_.path()}).err,
            "campaignctl: " + dir_.File("customers.jsonl") + ":3: customers[1].country: 3 bytes is above 2\n");
}

TEST_F(ImportTest, ListsRefusedEventsWithTheirLinesAndFails) {
  retrieval_.record_events.Returns(
      "recorded_count: 1 duplicate_count: 1 refused_count: 1 refused { event_id: 'e2' error { code: 5 reason: "
      "'UNKNOWN_CUSTOMER' message: 'c9 is not known' } }");
  Write("events.jsonl", "{\"eventId\":\"e1\"}\n\n{\"eventId\":\"e2\"}\n{\"eventId\":\"e3\"}\n");
  const Outcome outcome = Tool({"import", dir_.path()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, dir_.File("events.jsonl") +
                             ":3: event e2 refused: UNKNOWN_CUSTOMER: c9 is not known\n"
                             "campaignctl: 1 event was refused\n");
  EXPECT_THAT(outcome.out, HasSubstr("events.jsonl     3       1      1        1\n"));
}

// A call too big for gRPC to keep a copy of, so that it cannot be repeated below the tool.
std::string BigCustomers(int count) {
  std::string lines;
  const std::string name(1000, 'x');
  for (int i = 0; i < count; ++i) absl::StrAppend(&lines, "{\"customerId\": \"", name, i, "\"}\n");
  return lines;
}

class AgingImportTest : public ImportTest {
 protected:
  AgingImportTest() { server_options_ = {absl::Milliseconds(200), absl::Milliseconds(200)}; }
};

TEST_F(AgingImportTest, SendsAgainWhatAConnectionThatEndedLeftUnanswered) {
  retrieval_.import_customers.hanging = 1;
  Write("customers.jsonl", BigCustomers(1500));
  const Outcome outcome = Tool({"import", dir_.path()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("customers.jsonl  1,500   1,500      0        0\n"));
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(retrieval_.import_customers.requests.size(), 2);
}

TEST_F(ImportTest, GivesUpOnAServerThatStaysAway) {
  retrieval_.import_customers.Fails(grpc::StatusCode::UNAVAILABLE, "not now");
  Write("customers.jsonl", BigCustomers(1000));
  EXPECT_THAT(Tool({"import", dir_.path()}).err, HasSubstr("UNAVAILABLE: not now"));
  EXPECT_EQ(retrieval_.import_customers.requests.size(), 5);
}

TEST_F(ImportTest, FailsAtOnceWhereNoServerIs) {
  server_->Stop();
  Write("customers.jsonl", "{\"customerId\": \"c\"}\n");
  const absl::Time start = absl::Now();
  EXPECT_THAT(Tool({"import", dir_.path()}).err, HasSubstr("cannot reach retrieval at 127.0.0.1:"));
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

TEST_F(ImportTest, FailsWhereThereIsNothing) {
  EXPECT_THAT(Tool({"import", dir_.path()}).err, HasSubstr("holds none of customers.jsonl"));
  EXPECT_EQ(Tool({"import", dir_.path()}).code, 1);
}

}  // namespace
}  // namespace campaign::ctl
