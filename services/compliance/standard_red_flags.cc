#include "services/compliance/standard_red_flags.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"

namespace campaign::compliance {
namespace {

// Amounts are in the unit of the customer's currency.
constexpr double kVipSpend365d = 5'000;
constexpr double kHighSpendTotal = 10'000;
constexpr double kHighLifetimeValue = 5'000;
constexpr double kHighAverageOrder = 1'000;
constexpr int kOfAge = 18;

// One comparison; a flag's rule is that any of its comparisons holds.
struct Condition {
  const char* feature;
  v1::Operator op;
  double number = 0;
  // For OPERATOR_IN, separated by "|". Without one the feature is a truth.
  const char* texts = nullptr;
};

// A row of the table.
struct StandardFlag {
  const char* name;
  const char* code;
  const char* text;
  absl::Span<const Condition> any_of;
  // Whole words or phrases, English and German, separated by "|".
  const char* words = "";
};

constexpr auto kIn = v1::OPERATOR_IN;
constexpr auto kIsTrue = v1::OPERATOR_EQUAL;
constexpr auto kAtLeast = v1::OPERATOR_GREATER_OR_EQUAL;

constexpr Condition kVip[] = {{"tags", kIn, 0, "vip|VIP|Vip"}, {"spend_365d", kAtLeast, kVipSpend365d}};

constexpr Condition kHighValue[] = {{"spend_total", kAtLeast, kHighSpendTotal},
                                    {"expected_lifetime_value", kAtLeast, kHighLifetimeValue},
                                    {"average_order", kAtLeast, kHighAverageOrder}};

constexpr Condition kSensitiveComplaint[] = {{"sensitive_ticket_open", kIsTrue}, {"complaint_in_texts", kIsTrue}};

constexpr Condition kBereavement[] = {{"open_ticket_topics", kIn, 0, "bereavement|deceased"},
                                      {"tags", kIn, 0, "bereaved|deceased|bereavement"}};

constexpr Condition kMinor[] = {
    {"attribute_number.age", v1::OPERATOR_LESS, kOfAge},
    {"attribute.age_band", kIn, 0, "minor|child|teen|under 18|under-18|<18|0-12|13-15|13-17|14-17|16-17"},
    {"tags", kIn, 0, "minor|child|underage"}};

constexpr Condition kChargeback[] = {{"open_ticket_topics", kIn, 0, "chargeback|dispute|payment dispute"},
                                     {"tags", kIn, 0, "chargeback|dispute"}};

constexpr Condition kOpenBillingTicket[] = {{"open_ticket_topics", kIn, 0, "billing|invoice|payment|refund"}};

// "Sue" and "Gericht" (a dish) alone would flag a name and a recipe.
constexpr char kLegalWords[] =
    "lawyer|lawyers|attorney|attorneys|solicitor|barrister|lawsuit|lawsuits|litigation|legal action|legal steps|"
    "legal proceedings|sue you|sue your|sue the company|suing|will sue|to sue|take you to court|see you in court|"
    "small claims|small claims court|court order|cease and desist|ombudsman|trading standards|"
    "consumer protection agency|better business bureau|attorney general|data protection authority|"
    "information commissioner|class action|"
    "Anwalt|Anwälte|Anwältin|Anwalts|Rechtsanwalt|Rechtsanwältin|Rechtsanwälte|Klage einreichen|Klage erheben|"
    "verklagen|verklage|verklagt|Zivilklage|Sammelklage|vor Gericht|Amtsgericht|Landgericht|rechtliche Schritte|"
    "rechtlichen Schritte|rechtlichen Schritten|juristische Schritte|rechtlich vorgehen|rechtlich gegen|Strafanzeige|"
    "Anzeige erstatten|Abmahnung|abmahnen|Verbraucherzentrale|Verbraucherschutz|Datenschutzbehörde|"
    "Datenschutzbeauftragten|Mahnbescheid|Schlichtungsstelle|Fristsetzung";

constexpr char kSensitiveWords[] =
    "discrimination|discriminated|racist|racism|sexist|harassment|harassed|assaulted|injured|injury|got hurt|"
    "allergic reaction|hospital|unsafe|caught fire|data breach|privacy breach|leaked my data|identity theft|"
    "Diskriminierung|diskriminiert|rassistisch|Rassismus|sexistisch|Belästigung|belästigt|verletzt|Verletzung|"
    "allergische Reaktion|Krankenhaus|Brandgefahr|in Brand geraten|Datenleck|Datenpanne|Datenschutzverletzung|"
    "Identitätsdiebstahl";

constexpr char kBereavementWords[] =
    "passed away|has died|had died|died suddenly|died last|died in|husband died|wife died|mother died|father died|"
    "son died|daughter died|brother died|sister died|death of my|death certificate|loss of my|funeral|bereavement|"
    "bereaved|deceased|my late husband|my late wife|my late mother|my late father|widow|widower|condolences|in "
    "mourning|"
    "verstorben|verstorbenen|verstorbene|verstorbener|gestorben|Todesfall|Sterbefall|Sterbeurkunde|Beerdigung|"
    "Bestattung|Trauerfall|in Trauer|Trauerfeier|hinterblieben|Hinterbliebene|Witwe|Witwer|Beileid|tot aufgefunden";

// What follows "I am 10" to "I am 17" is made below.
constexpr char kMinorWords[] =
    "I am a minor|I'm a minor|I am underage|I'm underage|I am under 18|I'm under 18|not yet 18|not 18 yet|"
    "still a minor|my son is a minor|my daughter is a minor|"
    "ich bin minderjährig|bin noch minderjährig|bin unter 18|bin noch nicht 18|noch keine 18|noch nicht volljährig|"
    "mein Sohn ist minderjährig|meine Tochter ist minderjährig";

constexpr char kChargebackWords[] =
    "chargeback|chargebacks|charge back|dispute the charge|disputed the charge|dispute this charge|disputing the "
    "charge|"
    "dispute the payment|disputed the payment|reverse the charge|reverse the payment|bank to reverse|stop the payment|"
    "PayPal dispute|PayPal case|PayPal claim|unauthorised charge|unauthorized charge|fraudulent charge|"
    "Rückbuchung|Rücklastschrift|zurückbuchen|zurückgebucht|Lastschrift widersprochen|Lastschrift zurückgeben|"
    "Zahlung zurückholen|Geld zurückholen|Käuferschutz|PayPal-Fall|unberechtigte Abbuchung|unerlaubte Abbuchung|"
    "Kreditkartenreklamation";

constexpr StandardFlag kFlags[] = {
    {"vip", "VIP_CUSTOMER", "A VIP", kVip},
    {"high_value", "HIGH_VALUE", "Worth a lot to us", kHighValue},
    {"legal_threat", "LEGAL_THREAT", "Sounds like a legal dispute", {}, kLegalWords},
    {"sensitive_complaint", "SENSITIVE_COMPLAINT", "Has something serious to complain of", kSensitiveComplaint,
     kSensitiveWords},
    {"bereavement", "BEREAVEMENT", "Somebody may have died", kBereavement, kBereavementWords},
    {"minor", "MINOR", "May be a minor", kMinor, kMinorWords},
    {"chargeback", "CHARGEBACK", "Takes a payment back, or threatens to", kChargeback, kChargebackWords},
    {"open_billing_ticket", "OPEN_BILLING_TICKET", "Waits for an answer about a bill", kOpenBillingTicket},
};

void AddCondition(const Condition& condition, v1::RedFlag& flag) {
  v1::Comparison& compare = *flag.mutable_when()->mutable_any()->add_rules()->mutable_compare();
  compare.set_feature(condition.feature);
  compare.set_operator_(condition.op);
  if (condition.texts != nullptr) {
    for (const absl::string_view text : absl::StrSplit(condition.texts, '|')) compare.add_texts(std::string(text));
  } else if (condition.op == kIsTrue) {
    compare.set_truth(true);
  } else {
    compare.set_number(condition.number);
  }
}

void AddAges(v1::RedFlag& flag) {
  for (int age = 10; age < kOfAge; ++age) {
    for (const absl::string_view saying : {"I am ", "I'm ", "only ", "son is ", "daughter is "}) {
      flag.add_words(absl::StrCat(saying, age, " years old"));
    }
    flag.add_words(absl::StrCat("I'm only ", age));
    flag.add_words(absl::StrCat("I am only ", age));
    flag.add_words(absl::StrCat("bin ", age, " Jahre"));
    flag.add_words(absl::StrCat("bin erst ", age));
  }
}

v1::RedFlag MakeFlag(const StandardFlag& row) {
  v1::RedFlag flag;
  flag.set_code(row.code);
  flag.set_text(row.text);
  for (const Condition& condition : row.any_of) AddCondition(condition, flag);
  for (const absl::string_view word : absl::StrSplit(row.words, '|', absl::SkipEmpty())) {
    flag.add_words(std::string(word));
  }
  if (row.words == kMinorWords) AddAges(flag);
  return flag;
}

}  // namespace

absl::optional<v1::RedFlag> StandardRedFlag(absl::string_view name) {
  for (const StandardFlag& row : kFlags) {
    if (name == row.name) return MakeFlag(row);
  }
  return absl::nullopt;
}

std::vector<std::string> StandardRedFlagNames() {
  std::vector<std::string> names;
  for (const StandardFlag& row : kFlags) names.push_back(row.name);
  return names;
}

}  // namespace campaign::compliance
