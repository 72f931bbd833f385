#include "services/compliance/phone_number.h"

#include "common/testing/testing.h"

namespace campaign::compliance {
namespace {

TEST(PhoneNumber, IsKeptAsE164HoweverItIsWritten) {
  struct Case {
    const char* number;
    const char* country;
    const char* e164;
  };
  for (const Case& c : {
           Case{"+12065550199", "", "+12065550199"},
           Case{" +1 (206) 555-0199 ", "", "+12065550199"},
           Case{"+1 206 555 0199 ext. 5", "", "+12065550199"},
           Case{"tel:+1-206-555-0199", "", "+12065550199"},
           Case{"1-800-FLOWERS", "US", "+18003569377"},
           Case{"+49 (0)151 234567", "", "+49151234567"},
           Case{"+490151234567", "", "+49151234567"},
           Case{"0151 234567", "DE", "+49151234567"},
           Case{"0151 234567", "de", "+49151234567"},
           Case{"00 49 151 234567", "FR", "+49151234567"},
           Case{"+49151234567", "US", "+49151234567"},
           Case{"07700 900123", "GB", "+447700900123"},
           Case{"06 12345678", "IT", "+390612345678"},
           Case{"＋１２０６５５５０１９９", "", "+12065550199"},
       }) {
    EXPECT_EQ(ToE164(c.number, c.country), c.e164) << c.number;
  }
}

TEST(PhoneNumber, IsNoneWhereNobodyCouldCallIt) {
  for (const char* number :
       {"", "+", "hello", "+1206555", "+1206555019999", "+999123456789", "12", "ann@example.com"}) {
    EXPECT_EQ(ToE164(number, "US"), absl::nullopt) << number;
  }
  EXPECT_EQ(ToE164("5550199", "US"), absl::nullopt) << "can only be dialled from next door";
  for (const char* country : {"", "ZZ", "XX"}) EXPECT_EQ(ToE164("0151 234567", country), absl::nullopt) << country;
}

TEST(PhoneNumber, SaysWhichCountryItBelongsTo) {
  EXPECT_EQ(CountryOfPhone("+12065550199"), "US");
  EXPECT_EQ(CountryOfPhone("+14165550123"), "CA");
  EXPECT_EQ(CountryOfPhone("+493023125001"), "DE");
  EXPECT_EQ(CountryOfPhone("+870773111632"), "") << "a ship";
  EXPECT_EQ(CountryOfPhone("nonsense"), "");
}

}  // namespace
}  // namespace campaign::compliance
