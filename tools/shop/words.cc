#include "tools/shop/words.h"

#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace campaign::shop {
namespace {

using Lines = std::vector<absl::string_view>;
using Table = absl::flat_hash_map<absl::string_view, Lines>;

const Lines& Find(const Table& table, absl::string_view key, absl::string_view fallback) {
  auto it = table.find(key);
  return it != table.end() ? it->second : table.at(fallback);
}

// By "<language> <topic>"; a language without a topic of its own uses the English one.
const Table& Tickets() {
  static const auto& table = *new Table{
      {"en billing",
       {"I was charged twice for my last order, can you please check?",
        "The invoice shows a different amount than the order confirmation.",
        "My voucher was not taken off the total at checkout.", "Please send me an invoice with my company address."}},
      {"en shipping",
       {"My parcel has been stuck in the same depot for four days.",
        "The tracking says delivered but nothing has arrived.", "Can I still change the delivery address?",
        "One of the two items was missing from the box."}},
      {"en returns",
       {"I would like to return the headphones, they do not fit me.", "The return label does not open on my phone.",
        "When will I get the refund for the charger I sent back?",
        "The colour is not what I expected, how do I exchange it?"}},
      {"en privacy",
       {"Please tell me which data you keep about me.", "I want my account and my search history deleted.",
        "Why do I get mail about things I only looked at?"}},
      {"en technical",
       {"The app logs me out every time I open it.", "My hub is not recognised after the last update.",
        "The watch does not pair with my phone."}},
      {"de billing",
       {"Mir wurde die letzte Bestellung zweimal abgebucht.", "Der Gutschein wurde an der Kasse nicht abgezogen.",
        "Auf der Rechnung steht ein anderer Betrag als in der Bestätigung."}},
      {"de shipping",
       {"Mein Paket liegt seit vier Tagen im selben Zentrum.", "Laut Sendungsverfolgung zugestellt, aber nichts da.",
        "Kann ich die Lieferadresse noch ändern?"}},
      {"de returns",
       {"Ich möchte die Kopfhörer zurückgeben, sie passen mir nicht.",
        "Wann bekomme ich das Geld für das Ladegerät zurück?", "Das Retourenetikett lässt sich nicht öffnen."}},
      {"de privacy",
       {"Bitte teilen Sie mir mit, welche Daten Sie über mich speichern.",
        "Ich möchte, dass mein Konto und mein Suchverlauf gelöscht werden."}},
      {"fr billing", {"J'ai été débité deux fois pour ma dernière commande.", "Mon bon d'achat n'a pas été déduit."}},
      {"fr shipping", {"Mon colis est bloqué depuis quatre jours.", "Le suivi indique livré mais je n'ai rien reçu."}},
      {"fr returns", {"Je voudrais retourner le casque.", "Quand serai-je remboursé pour le chargeur ?"}},
      {"es billing", {"Me han cobrado dos veces el último pedido.", "No se ha descontado mi cupón."}},
      {"es shipping", {"Mi paquete lleva cuatro días parado.", "Pone entregado, pero no ha llegado nada."}},
      {"es returns", {"Quiero devolver los auriculares.", "¿Cuándo me devuelven el dinero del cargador?"}},
  };
  return table;
}

const Table& SensitiveTickets() {
  static const auto& table = *new Table{
      {"en",
       {"My father passed away and the account was his. Please close it.",
        "I am in hospital and could not return the parcel in time.",
        "If this is not refunded by Friday my lawyer will write to you.",
        "Somebody else can see my orders. I want to know who had access to my data."}},
      {"de",
       {"Mein Mann ist verstorben, bitte schließen Sie sein Konto.",
        "Wenn bis Freitag nichts passiert, schaltet sich mein Anwalt ein.",
        "Jemand anderes kann meine Bestellungen sehen. Wer hatte Zugriff auf meine Daten?"}},
  };
  return table;
}

const Table& Chats() {
  static const auto& table = *new Table{
      {"en",
       {"Hi, is the 65 W charger enough for the 14-inch laptop?", "When will the sports watch be back in stock?",
        "Do you ship to a parcel locker?", "Is there a student price?", "How do I set a price alert in the app?",
        "Which cable do I need for two monitors?", "Thanks, that solved it!", "Can I pay in three instalments?"}},
      {"de",
       {"Hallo, reicht das 65-W-Ladegerät für den 14-Zoll-Laptop?", "Wann ist die Sportuhr wieder lieferbar?",
        "Liefern Sie auch an eine Packstation?", "Gibt es einen Studentenrabatt?", "Danke, das hat geholfen!"}},
      {"fr",
       {"Bonjour, le chargeur 65 W suffit-il pour le portable 14 pouces ?", "Livrez-vous en point relais ?",
        "Merci, c'est réglé !"}},
      {"es",
       {"Hola, ¿el cargador de 65 W vale para el portátil de 14 pulgadas?", "¿Hay descuento para estudiantes?",
        "¡Gracias, solucionado!"}},
  };
  return table;
}

const Table& SearchSuffixes() {
  static const auto& table = *new Table{
      {"en", {"", " black", " best", " compare", " under 50", " for travel", " gift", " spare part"}},
      {"de", {"", " schwarz", " günstig", " Vergleich", " Geschenk", " für unterwegs"}},
      {"fr", {"", " noir", " pas cher", " comparatif", " cadeau"}},
      {"es", {"", " negro", " barato", " comparar", " regalo"}},
  };
  return table;
}

}  // namespace

absl::string_view TicketText(absl::string_view language, absl::string_view topic, Random& random) {
  return random.Of(Find(Tickets(), absl::StrCat(language, " ", topic), absl::StrCat("en ", topic)));
}

absl::string_view SensitiveTicketText(absl::string_view language, Random& random) {
  return random.Of(Find(SensitiveTickets(), language, "en"));
}

std::string SearchText(absl::string_view language, absl::string_view product, Random& random) {
  return absl::StrCat(product, random.Of(Find(SearchSuffixes(), language, "en")));
}

absl::string_view ChatText(absl::string_view language, Random& random) {
  return random.Of(Find(Chats(), language, "en"));
}

}  // namespace campaign::shop
