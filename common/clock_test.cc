#include "common/clock.h"

#include "absl/time/clock.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"

namespace campaign {
namespace {

using google::protobuf::Timestamp;
using testing::ParseProto;
using testing::Utc;

TEST(Timestamps, AreSecondsAndNanoseconds) {
  const Timestamp timestamp = ToTimestamp(Utc("2026-06-15 12:00:00") + absl::Microseconds(1500));
  EXPECT_EQ(timestamp.seconds(), 1781524800);
  EXPECT_EQ(timestamp.nanos(), 1'500'000);
}

TEST(Timestamps, BeforeTheEpochKeepTheirFractionPositive) {
  const Timestamp timestamp = ToTimestamp(absl::UnixEpoch() - absl::Microseconds(1));
  EXPECT_EQ(timestamp.seconds(), -1);
  EXPECT_EQ(timestamp.nanos(), 999'999'000);
  EXPECT_EQ(FromTimestamp(timestamp), absl::UnixEpoch() - absl::Microseconds(1));
}

TEST(Timestamps, WholeSecondsBeforeTheEpochHaveNoFraction) {
  const Timestamp timestamp = ToTimestamp(Utc("1969-12-31 23:59:58"));
  EXPECT_EQ(timestamp.seconds(), -2);
  EXPECT_EQ(timestamp.nanos(), 0);
}

TEST(Timestamps, KeepMicrosecondsOnTheWayThereAndBack) {
  for (const char* text : {"1901-02-03 04:05:06", "1970-01-01 00:00:00", "2262-04-11 23:47:16"}) {
    const absl::Time time = Utc(text) + absl::Microseconds(123'457);
    EXPECT_EQ(FromTimestamp(ToTimestamp(time)), time) << text;
  }
}

TEST(Timestamps, AreCutToMicrosecondsAsTheDatabaseKeepsThem) {
  EXPECT_EQ(ToTimestamp(absl::UnixEpoch() + absl::Nanoseconds(1999)).nanos(), 1000);
  EXPECT_EQ(FromTimestamp(ParseProto<Timestamp>("seconds: 1 nanos: 5")),
            absl::FromUnixSeconds(1) + absl::Nanoseconds(5));
}

TEST(SystemClock, ShowsTheTime) {
  const absl::Time before = absl::Now();
  const absl::Time shown = SystemClock().Now();
  EXPECT_LE(before, shown);
  EXPECT_LE(shown, absl::Now());
}

TEST(FakeClock, StandsStillUntilItIsMoved) {
  testing::FakeClock clock(Utc("2026-06-15 12:00:00"));
  EXPECT_EQ(clock.Now(), Utc("2026-06-15 12:00:00"));
  clock.Advance(absl::Hours(1));
  EXPECT_EQ(clock.Now(), Utc("2026-06-15 13:00:00"));
  clock.Set(Utc("2026-06-14 00:00:00"));
  EXPECT_EQ(clock.Now(), Utc("2026-06-14 00:00:00"));
}

}  // namespace
}  // namespace campaign
