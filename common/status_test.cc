#include "common/status.h"

#include <memory>
#include <string>

#include "common/grpc_status.h"
#include "common/log.h"
#include "common/testing/testing.h"

namespace campaign {
namespace {

using testing::StatusIs;

absl::Status ReturnsIfError(const absl::Status& status, bool& went_on) {
  RETURN_IF_ERROR(status);
  went_on = true;
  return absl::OkStatus();
}

TEST(ReturnIfError, ReturnsTheErrorAndGoesOnWithoutOne) {
  bool went_on = false;
  EXPECT_THAT(ReturnsIfError(absl::NotFoundError("x"), went_on), StatusIs(absl::StatusCode::kNotFound, "x"));
  EXPECT_FALSE(went_on);
  EXPECT_OK(ReturnsIfError(absl::OkStatus(), went_on));
  EXPECT_TRUE(went_on);
}

absl::StatusOr<int> Sum(absl::StatusOr<std::unique_ptr<int>> a, absl::StatusOr<int> b) {
  ASSIGN_OR_RETURN(const std::unique_ptr<int> first, std::move(a));
  int second = 0;
  ASSIGN_OR_RETURN(second, b);
  return *first + second;
}

TEST(AssignOrReturn, TakesTheValueOrReturnsTheError) {
  auto sum = Sum(std::make_unique<int>(1), 2);
  ASSERT_OK(sum);
  EXPECT_EQ(*sum, 3);
  EXPECT_THAT(Sum(absl::AbortedError("a"), 2), StatusIs(absl::StatusCode::kAborted, "a"));
  EXPECT_THAT(Sum(std::make_unique<int>(1), absl::AbortedError("b")), StatusIs(absl::StatusCode::kAborted, "b"));
}

TEST(InvalidField, NamesFieldValueAndBound) {
  const absl::Status status = InvalidField("offers.actions[2].discount_bps", 12000, "is above 10000");
  EXPECT_EQ(status, absl::InvalidArgumentError("offers.actions[2].discount_bps: 12000 is above 10000"));
  EXPECT_EQ(WithFieldPrefix("campaign", status),
            absl::InvalidArgumentError("campaign.offers.actions[2].discount_bps: 12000 is above 10000"));
  EXPECT_OK(WithFieldPrefix("campaign", absl::OkStatus()));
}

TEST(GrpcStatus, KeepsCodeAndMessageBothWays) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "why");
    EXPECT_EQ(ToGrpcStatus(status).error_code(), code);
    EXPECT_EQ(FromGrpcStatus(ToGrpcStatus(status)), status);
  }
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_OK(FromGrpcStatus(grpc::Status::OK));
}

TEST(Log, WritesOneLineWithTimeSeverityPlaceAndText) {
  ::testing::internal::CaptureStderr();
  LOG(WARNING) << "batch " << 7 << " failed";
  const int line = __LINE__ - 1;
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, ::testing::MatchesRegex("[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+Z W status_test.cc:" +
                                            std::to_string(line) + "\\] batch 7 failed\n"));
}

TEST(Log, NamesTheSeverity) {
  ::testing::internal::CaptureStderr();
  LOG(INFO) << "a";
  LOG(ERROR) << "b";
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, ::testing::HasSubstr("Z I status_test.cc:"));
  EXPECT_THAT(text, ::testing::HasSubstr("Z E status_test.cc:"));
}

}  // namespace
}  // namespace campaign
