#include "tools/shop/places.h"

#include <initializer_list>
#include <utility>

#include "absl/base/internal/raw_logging.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace campaign::shop {
namespace {

using Names = std::vector<absl::string_view>;

std::vector<Zone> Zones(std::initializer_list<const char*> names) {
  std::vector<Zone> zones;
  for (const char* name : names) {
    Zone zone{.name = name};
    ABSL_RAW_CHECK(absl::LoadTimeZone(name, &zone.time_zone), "a time zone of the shop is not installed");
    zones.push_back(std::move(zone));
  }
  return zones;
}

const Names& EnglishFirst() {
  static const Names names = {"Olivia", "Liam",  "Emma",  "Noah",  "Ava",    "James",  "Sophie", "Lucas",
                              "Mia",    "Ethan", "Grace", "Henry", "Chloe",  "Daniel", "Priya",  "Owen",
                              "Amara",  "Leo",   "Ruby",  "Mateo", "Hannah", "Isaac",  "Zoe",    "Caleb"};
  return names;
}

const Names& EnglishLast() {
  static const Names names = {"Smith", "Johnson", "Brown", "Taylor", "Wilson", "Nguyen", "Clark",   "Walker",
                              "Patel", "Harris",  "Lewis", "Young",  "King",   "Wright", "Scott",   "Green",
                              "Baker", "Adams",   "Reed",  "Cooper", "Morgan", "Bell",   "O'Brien", "Garcia"};
  return names;
}

const Names& GermanFirst() {
  static const Names names = {"Anna", "Lukas",  "Lena", "Felix",  "Marie", "Jürgen", "Sophie", "Paul",
                              "Jörg", "Emilia", "Max",  "Katrin", "Ben",   "Käthe",  "Tim",    "Laura"};
  return names;
}

const Names& GermanLast() {
  static const Names names = {"Müller",  "Schmidt", "Schneider", "Fischer", "Weber",  "Wagner", "Becker",  "Hoffmann",
                              "Schäfer", "Koch",    "Bauer",     "Richter", "Krüger", "Wolf",   "Neumann", "Groß"};
  return names;
}

const Names& FrenchFirst() {
  static const Names names = {"Camille", "Louis", "Chloé", "Hugo", "Manon", "Jules", "Inès", "Théo", "Léa", "Arthur"};
  return names;
}

const Names& FrenchLast() {
  static const Names names = {"Martin", "Bernard", "Dubois", "Petit",   "Durand",
                              "Leroy",  "Moreau",  "Simon",  "Lefèvre", "Roux"};
  return names;
}

const Names& SpanishFirst() {
  static const Names names = {"Lucía",  "Hugo",   "Martina", "Pablo", "Sofía",
                              "Álvaro", "Carmen", "Diego",   "Elena", "Javier"};
  return names;
}

const Names& SpanishLast() {
  static const Names names = {"García", "López", "Martínez", "Sánchez", "Pérez",
                              "Gómez",  "Díaz",  "Muñoz",    "Romero",  "Navarro"};
  return names;
}

std::vector<Place> MakePlaces() {
  return {
      {0.38, "en-US", "US", "USD", 1.0,
       Zones({"America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"}), EnglishFirst(),
       EnglishLast()},
      {0.16, "en-GB", "GB", "GBP", 0.82, Zones({"Europe/London"}), EnglishFirst(), EnglishLast()},
      {0.18, "de-DE", "DE", "EUR", 0.95, Zones({"Europe/Berlin"}), GermanFirst(), GermanLast()},
      {0.03, "de-AT", "AT", "EUR", 0.97, Zones({"Europe/Vienna"}), GermanFirst(), GermanLast()},
      {0.10, "fr-FR", "FR", "EUR", 0.97, Zones({"Europe/Paris"}), FrenchFirst(), FrenchLast()},
      {0.08, "es-ES", "ES", "EUR", 0.93, Zones({"Europe/Madrid"}), SpanishFirst(), SpanishLast()},
      {0.04, "en-CA", "CA", "CAD", 1.36, Zones({"America/Toronto", "America/Vancouver"}), EnglishFirst(),
       EnglishLast()},
      {0.03, "en-AU", "AU", "AUD", 1.52, Zones({"Australia/Sydney", "Australia/Perth"}), EnglishFirst(), EnglishLast()},
  };
}

}  // namespace

const std::vector<Place>& Places() {
  static const auto& places = *new std::vector<Place>(MakePlaces());
  return places;
}

std::string FictionalPhone(absl::string_view country, Random& random) {
  static constexpr int kUsAreas[] = {206, 212, 303, 312, 404, 415, 503, 512, 602, 617, 702, 713};
  static constexpr int kCanadianAreas[] = {416, 514, 604};
  static constexpr int kAustralian[] = {6, 110, 156, 157, 158, 159};
  if (country == "US") return absl::StrFormat("+1%d55501%02d", random.Of(kUsAreas), random.Int(0, 99));
  if (country == "CA") return absl::StrFormat("+1%d55501%02d", random.Of(kCanadianAreas), random.Int(0, 99));
  if (country == "GB") return absl::StrFormat("+447700900%03d", random.Int(0, 999));
  if (country == "DE") return absl::StrFormat("+493023125%03d", random.Int(0, 999));
  if (country == "FR") return absl::StrFormat("+3363998%04d", random.Int(0, 9999));
  if (country == "AU") return absl::StrFormat("+61491570%03d", random.Of(kAustralian));
  return "";
}

std::string AsciiName(absl::string_view name) {
  std::string ascii = absl::StrReplaceAll(name, {{"ä", "ae"},
                                                 {"ö", "oe"},
                                                 {"ü", "ue"},
                                                 {"ß", "ss"},
                                                 {"é", "e"},
                                                 {"è", "e"},
                                                 {"í", "i"},
                                                 {"ó", "o"},
                                                 {"á", "a"},
                                                 {"ñ", "n"},
                                                 {"Á", "a"},
                                                 {"ú", "u"},
                                                 {"'", ""}});
  absl::AsciiStrToLower(&ascii);
  return ascii;
}

}  // namespace campaign::shop
