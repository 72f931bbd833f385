#include "common/text/sentiment_words.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace campaign::text {
namespace {

// clang-format off
constexpr SentimentWord kMoods[] = {
    // --- English: what should be so. Without negation it says little.
    {"work", 0, -2}, {"works", 0.5, -2}, {"worked", 0, -2}, {"working", 0, -2}, {"load", 0, -2}, {"loads", 0, -2},
    {"loading", 0, -2}, {"open", 0, -1.5}, {"start", 0, -1.5}, {"connect", 0, -1.5}, {"respond", 0, -2},
    {"responds", 0, -2}, {"responded", 0, -2}, {"responding", 0, -2}, {"answer", 0, -2}, {"answers", 0, -2},
    {"answered", 0, -2}, {"reply", 0, -2}, {"replies", 0, -2}, {"replied", 0, -2}, {"arrive", 0, -2},
    {"arrived", 0, -2}, {"delivered", 0, -2}, {"received", 0, -1.5}, {"fit", 0, -1.5}, {"fits", 0.5, -1.5},
    {"as described", 1, -2.5}, {"as advertised", 1, -2.5}, {"as expected", 1, -2}, {"worth it", 2, -2.5},
    {"worth the money", 2, -2.5}, {"worth the price", 2, -2.5}, {"what i ordered", 0, -2}, {"get through", 0, -1.5},
    {"fair", 1, -2}, {"acceptable", 0.5, -3}, {"okay", 0.5, -2}, {"ok", 0.5, -2}, {"fine", 1, -2}, {"right", 0, -1.5},
    {"correct", 0, -1.5}, {"good enough", 1, -2.5}, {"trust", 1, -2.5}, {"cares", 0.5, -2.5}, {"care", 0, -2},
    {"sorted", 0.5, -1.5}, {"fixed", 0.5, -2}, {"resolved", 1, -2}, {"solved", 1, -2}, {"help", 0, -1.5},
    {"helps", 0.5, -2}, {"helped", 1.5, -2}, {"recommend", 2.5, -3}, {"recommended", 2, -2.5},
    // --- English: happy.
    {"happy", 3, -2.5}, {"glad", 2, -1.5}, {"pleased", 2.5, -2.5}, {"satisfied", 2.5, -2.5}, {"content with", 2, -2},
    {"delighted", 3.5, -2}, {"good", 2, -2}, {"great", 3, -2}, {"nice", 2, -1.5}, {"excellent", 3.5, -1.5},
    {"amazing", 3.5, -1.5}, {"awesome", 3.5, -1.5}, {"fantastic", 3.5, -1.5}, {"wonderful", 3.5, -1.5},
    {"brilliant", 3, -1.5}, {"superb", 3.5, -1.5}, {"perfect", 3.5, -1.5}, {"perfectly", 2.5, -1.5},
    {"outstanding", 3.5, -1}, {"impressed", 3, -2.5}, {"impressive", 2.5, -2}, {"love", 3, -2}, {"loved", 3, -2},
    {"loving", 3, -2}, {"like", 1, -2}, {"liked", 1.5, -2}, {"enjoy", 2, -1.5}, {"enjoyed", 2, -1.5},
    {"helpful", 2.5, -2.5}, {"friendly", 2, -2.5}, {"very kind", 2, -2}, {"so kind", 2, -1}, {"kind of you", 2, 0}, {"polite", 1.5, -2.5}, {"quick", 1.5, -1.5}, {"very fast", 2, -1.5}, {"so fast", 2, 0}, {"fast delivery", 1.5, -1.5}, {"fast shipping", 1.5, -1.5},
    {"easy", 1.5, -1.5}, {"useful", 1.5, -2}, {"reliable", 2, -2.5}, {"comfortable", 1.5, -1.5},
    {"beautiful", 2.5, -1}, {"best", 3, -1}, {"thank", 0.5, 0}, {"thanks", 0.5, 0}, {"appreciate", 1, -1},
    {"grateful", 2, -1}, {"well done", 3, -2}, {"keep it up", 2.5, 0}, {"praise", 2, 0},
    // --- English: unhappy. Most negations of these are a mild praise.
    {"bad", -2.5, 1}, {"badly", -2, 0.5}, {"poor", -2.5, 0.5}, {"terrible", -3.5, 0.5}, {"horrible", -3.5, 0.5},
    {"awful", -3.5, 0.5}, {"dreadful", -3.5, 0.5}, {"worst", -3.5, -0.5}, {"worse", -2.5, 0.5}, {"hate", -3, 0.5},
    {"disappointed", -3, 1.5}, {"disappointing", -3, 1.5}, {"disappointment", -3, 1.5}, {"unhappy", -2.5, 1},
    {"dissatisfied", -2.5, 1}, {"unsatisfied", -2.5, 1}, {"angry", -3, 0.5}, {"furious", -3.5, 0.5},
    {"annoyed", -2.5, 0.5}, {"annoying", -2.5, 0.5}, {"frustrated", -3, 0.5}, {"frustrating", -3, 0.5},
    {"upset", -2.5, 0.5}, {"fed up", -3, 0}, {"sick of", -3, 0}, {"tired of", -2.5, 0}, {"unacceptable", -3.5, 0.5},
    {"ridiculous", -3, 0}, {"disgrace", -3.5, 0}, {"disgraceful", -3.5, 0}, {"disgusting", -3.5, 0}, {"joke", -2, 0},
    {"useless", -3, 0.5}, {"rubbish", -3, 0.5}, {"garbage", -3, 0.5}, {"crap", -3, 0.5}, {"junk", -2.5, 0.5},
    {"sucks", -3, 0.5}, {"shame", -2, 0.5}, {"rude", -3, 0.5}, {"unfriendly", -2.5, 0.5}, {"unhelpful", -2.5, 0.5},
    {"incompetent", -3, 0}, {"unprofessional", -3, 0}, {"unreliable", -2.5, 0.5}, {"scam", -3.5, 0.5},
    {"fraud", -3, 0.5}, {"cheated", -3, 0}, {"ripped off", -3.5, 0}, {"rip off", -3.5, 0}, {"lied", -3, 0},
    {"lying", -2.5, 0}, {"misleading", -2.5, 0.5}, {"waste", -2.5, 0.5}, {"wasted", -2.5, 0}, {"regret", -2.5, 2},
    {"complain", -2.5, 1.5}, {"complained", -2.5, 0.5}, {"complaint", -2.5, 1.5}, {"complaints", -2.5, 2},
    {"problem", -1.5, 0.5}, {"problems", -1.5, 1}, {"issue", -1.5, 0.5}, {"issues", -1.5, 1}, {"trouble", -1.5, 0.5},
    {"error", -1.5, 0.5}, {"errors", -1.5, 1}, {"bug", -1.5, 0.5}, {"bugs", -1.5, 0.5}, {"fault", -1.5, 0.5},
    {"faulty", -2.5, 0.5}, {"defective", -2.5, 0.5}, {"defect", -2, 0.5}, {"broken", -2.5, 0.5}, {"broke", -2, 0.5},
    {"damaged", -2.5, 0.5}, {"torn", -2, 0.5}, {"scratched", -2, 0.5}, {"fails", -2, 0.5}, {"failed", -2, 0.5},
    {"failing", -2, 0.5}, {"crash", -2, 0.5}, {"crashes", -2, 0.5}, {"crashed", -2, 0.5}, {"crashing", -2, 0.5},
    {"stuck", -1.5, 0}, {"missing", -1.5, 0.5}, {"late", -1.5, 0.5}, {"delayed", -1.5, 0.5}, {"overdue", -2, 0},
    {"lost", -1.5, 0.5}, {"wrong", -1.5, 0.5}, {"incorrect", -1.5, 0.5}, {"slow", -2, 1}, {"too long", -2, 0.5},
    {"too expensive", -2, 0.5}, {"overpriced", -2.5, 0.5}, {"overcharged", -2.5, 0}, {"charged twice", -2.5, 0},
    {"billed twice", -2.5, 0}, {"confusing", -1.5, 0.5}, {"complicated", -1.5, 1}, {"impossible", -2, 0.5},
    {"ignored", -2.5, 0}, {"ignoring", -2.5, 0}, {"still waiting", -2.5, 0}, {"been waiting", -1.5, 0}, {"kept waiting", -2.5, 0},
    {"for weeks", -1, 0}, {"again and again", -1, 0}, {"fall apart", -2.5, 1}, {"fell apart", -2.5, 0.5},
    {"stopped working", -2.5, 0}, {"gave up", -2, 0.5}, {"let down", -2.5, 0}, {"let me down", -2.5, 2},
    {"nightmare", -3, 0.5}, {"hassle", -2, 1}, {"stop sending", -2, 0}, {"leave me alone", -2.5, 0},
    {"never again", -3, 0}, {"nobody answers", -2.5, 0}, {"no answer", -2, 0}, {"no reply", -2, 0},
    {"no response", -2, 0}, {"no refund", -1.5, 0}, {"nothing happens", -2, 0}, {"nothing happened", -2, 0},
    // --- English: said otherwise than meant word by word.
    {"could be better", -1.5, 3}, {"could be worse", 1, 0}, {"be better", 0.5, 3}, {"be happier", 1, 3.5}, {"better", 1, -1.5},
    {"can't wait", 2, 0}, {"cannot wait", 2, 0}, {"cant wait", 2, 0}, {"thanks for nothing", -3, 0},
    {"thank you for nothing", -3, 0}, {"go wrong", -1, 1}, {"get enough", 0, 2}, {"nothing but", 0, 0},
    {"no wonder", 0, 0}, {"no doubt", 0, 0}, {"no matter", 0, 0}, {"why not", 0, 0}, {"sounds good", 1, -1},
    {"would like", 0, 0}, {"i'd like", 0, 0}, {"we'd like", 0, 0}, {"would love", 0.5, 0}, {"i'd love", 0.5, 0},
    {"looks like", 0, 0}, {"look like", 0, -1}, {"feels like", 0, 0}, {"sounds like", 0, 0}, {"like to", 0, 0},
    {"like this", 0, 0}, {"like that", 0, 0}, {"kind regards", 0, 0}, {"best regards", 0, 0}, {"best wishes", 0, 0}, {"all the best", 0, 0}, {"all right", 0.5, -2},
    {"right now", 0, 0}, {"right away", 0, 0}, {"as fast as", 0, 0}, {"working days", 0, 0}, {"too good", 2, -2},

    // --- German: what should be so.
    {"funktioniert", 0, -2}, {"funktionieren", 0, -2}, {"funktionierte", 0, -2}, {"geht", 0, -1.5}, {"ging", 0, -1.5},
    {"gehen", 0, -1.5}, {"laeuft", 0.5, -2}, {"klappt", 0.5, -2}, {"geklappt", 0.5, -2}, {"laedt", 0, -2},
    {"startet", 0, -1.5}, {"reagiert", 0, -2}, {"antwortet", 0, -2}, {"geantwortet", 0, -2}, {"meldet sich", 0, -2},
    {"gemeldet", 0, -2}, {"angekommen", 0, -2}, {"kommt an", 0, -1.5}, {"kam", 0, -1.5}, {"kommt", 0, -1.5},
    {"geliefert", 0, -2}, {"erhalten", 0, -1.5}, {"bekommen", 0, -1.5}, {"passt", 0.5, -2}, {"passen", 0.5, -2},
    {"stimmt", 0.5, -1.5}, {"akzeptabel", 0.5, -3}, {"in ordnung", 1, -2}, {"hilft", 0.5, -2}, {"geholfen", 1, -2},
    {"hilfreich", 2, -2.5}, {"geloest", 1, -2}, {"behoben", 1, -2}, {"gehalten", 0, -1.5}, {"kuemmert", 0.5, -2.5},
    {"empfehlen", 2.5, -3}, {"empfehlenswert", 2.5, -3}, {"vertrauen", 1, -2.5}, {"zumutbar", 0, -3},
    {"nachvollziehbar", 0.5, -2}, {"wie beschrieben", 1, -2.5}, {"wie erwartet", 1, -2}, {"das geld wert", 2, -2.5},
    // --- German: happy.
    {"zufrieden", 2.5, -2.5}, {"gluecklich", 3, -2}, {"begeistert", 3.5, -2}, {"froh", 2, -1}, {"freue", 1.5, -0.5},
    {"erfreut", 2, -2.5}, {"gut", 2, -2}, {"gute", 2, -2}, {"guter", 2, -2}, {"gutes", 2, -2}, {"guten", 1, -1},
    {"super", 3, -1.5}, {"toll", 3, -2}, {"tolle", 3, -2}, {"toller", 3, -2}, {"tolles", 3, -2}, {"prima", 2.5, -1.5},
    {"klasse", 2.5, -1}, {"spitze", 3, -1}, {"hervorragend", 3.5, -1.5}, {"ausgezeichnet", 3.5, -1.5},
    {"wunderbar", 3.5, -1.5}, {"perfekt", 3.5, -1.5}, {"perfekte", 3.5, -1.5}, {"fantastisch", 3.5, -1.5},
    {"genial", 3, -1}, {"schoen", 2, -1.5}, {"schoene", 1.5, -1}, {"schoenen", 1, -1}, {"schnell", 1.5, -1.5},
    {"schnelle", 1.5, -1.5}, {"freundlich", 2, -2.5}, {"freundliche", 2, -2.5}, {"nett", 2, -2},
    {"zuverlaessig", 2, -2.5}, {"einfach zu", 1, -1.5}, {"gefaellt", 2, -2}, {"gefallen", 1, -2},
    {"mag", 1.5, -2}, {"beste", 3, -1}, {"besten", 2, -1}, {"danke", 0.5, 0}, {"dank", 0.5, 0}, {"lob", 2, -1},
    {"weiter so", 2.5, 0}, {"beeindruckt", 3, -2},
    // --- German: unhappy.
    {"schlecht", -2.5, 1}, {"schlechte", -2.5, 1}, {"schlechter", -2.5, 0.5}, {"schlechten", -2.5, 1},
    {"schlimm", -2.5, 1}, {"schlimmer", -2.5, 0.5}, {"schrecklich", -3.5, 0.5}, {"furchtbar", -3.5, 0.5},
    {"grauenhaft", -3.5, 0}, {"katastrophe", -3.5, 0.5}, {"katastrophal", -3.5, 0}, {"mies", -3, 0.5},
    {"miese", -3, 0.5}, {"mieser", -3, 0.5}, {"enttaeuscht", -3, 1.5}, {"enttaeuschend", -3, 1.5},
    {"enttaeuschung", -3, 1.5}, {"unzufrieden", -2.5, 1}, {"veraergert", -3, 0.5}, {"aergerlich", -2.5, 0.5},
    {"aerger", -2, 0.5}, {"wuetend", -3, 0.5}, {"sauer", -2.5, 0.5}, {"genervt", -2.5, 0.5}, {"nervt", -2.5, 0.5},
    {"nervig", -2.5, 0.5}, {"frustriert", -3, 0.5}, {"frustrierend", -3, 0.5}, {"frechheit", -3.5, 0},
    {"unverschaemt", -3.5, 0}, {"unverschaemtheit", -3.5, 0}, {"zumutung", -3.5, 0}, {"skandal", -3, 0},
    {"laecherlich", -3, 0}, {"unfreundlich", -3, 0.5}, {"unhoeflich", -3, 0.5},
    {"inkompetent", -3, 0}, {"unprofessionell", -3, 0}, {"unzuverlaessig", -2.5, 0.5}, {"betrug", -3.5, 0.5},
    {"betrogen", -3, 0}, {"abzocke", -3.5, 0.5}, {"belogen", -3, 0}, {"schrott", -3, 0.5}, {"muell", -2.5, 0.5},
    {"nutzlos", -3, 0}, {"unbrauchbar", -3, 0}, {"mangelhaft", -3, 0.5}, {"beschweren", -2.5, 1.5},
    {"beschwere", -2.5, 1.5}, {"beschwerde", -2.5, 1.5}, {"reklamation", -2, 0.5}, {"reklamieren", -2, 0},
    {"meckern", -1, 1.5}, {"probleme", -1.5, 1}, {"problemen", -1.5, 1},
    {"schwierigkeiten", -1.5, 1}, {"fehler", -1.5, 0.5}, {"fehlermeldung", -1.5, 0.5}, {"fehlerhaft", -2.5, 0.5},
    {"mangel", -2, 0.5}, {"maengel", -2, 1}, {"defekt", -2.5, 0.5}, {"defekte", -2.5, 0.5}, {"defektes", -2.5, 0.5},
    {"kaputt", -2.5, 0.5}, {"kaputte", -2.5, 0.5}, {"kaputtes", -2.5, 0.5}, {"beschaedigt", -2.5, 0.5},
    {"beschaedigte", -2.5, 0.5}, {"zerrissen", -2, 0.5}, {"zerkratzt", -2, 0.5}, {"stuerzt ab", -2, 0.5},
    {"abgestuerzt", -2, 0.5}, {"haengt", -1, 0}, {"fehlt", -1.5, 0.5}, {"fehlen", -1.5, 0.5}, {"verspaetet", -1.5, 0.5},
    {"verspaetung", -1.5, 0.5}, {"zu spaet", -2, 0.5}, {"falsch", -1.5, 0.5}, {"falsche", -1.5, 0.5},
    {"falschen", -1.5, 0.5}, {"langsam", -2, 1}, {"langsame", -2, 1}, {"zu lange", -2, 0.5}, {"zu teuer", -2, 0.5},
    {"ueberteuert", -2.5, 0.5}, {"teuer", -1, 0.5}, {"doppelt abgebucht", -2.5, 0}, {"umstaendlich", -1.5, 0.5},
    {"kompliziert", -1.5, 1}, {"unmoeglich", -2, 0.5}, {"ignoriert", -2.5, 0}, {"warte immer noch", -2.5, 0},
    {"immer noch", -0.5, -0.5}, {"seit wochen", -1.5, 0}, {"seit tagen", -1, 0}, {"schon wieder", -1.5, 0},
    {"bereue", -2.5, 2}, {"nie wieder", -3, 0}, {"nicht zu fassen", -3, 0}, {"reicht es", -2, 0}, {"es reicht", -2, 0},
    {"im stich gelassen", -3, 2}, {"leider", -0.5, -0.5}, {"keine antwort", -2, 0}, {"keine rueckmeldung", -2, 0},
    // --- German: said otherwise than meant word by word.
    {"nichts als", 0, 0}, {"kein wunder", 0, 0}, {"liebe gruesse", 0, 0}, {"liebes team", 0, 0}, {"guten tag", 0, 0},
    {"guten morgen", 0, 0}, {"guten abend", 0, 0}, {"schoenen tag", 0, 0}, {"schoene gruesse", 0, 0},
    {"freundliche gruesse", 0, 0}, {"freundlichen gruessen", 0, 0}, {"besten dank", 0.5, 0}, {"es geht um", 0, 0},
    {"wie geht", 0, 0}, {"koennte besser sein", -1.5, 3}, {"besser sein", 0, 3}, {"besser", 1, -1.5},
    {"danke fuer nichts", -3, 0},
};

struct Modifier {
  std::string_view text;
  SentimentWord::Kind kind;
};
using M = SentimentWord;
constexpr Modifier kModifiers[] = {
    {"not", M::kNegation}, {"never", M::kNegation}, {"cannot", M::kNegation}, {"nor", M::kNegation},
    {"neither", M::kNegation}, {"nothing", M::kNegation}, {"nobody", M::kNegation}, {"none", M::kNegation},
    {"no one", M::kNegation}, {"no longer", M::kNegation}, {"cant", M::kNegation}, {"dont", M::kNegation},
    {"doesnt", M::kNegation}, {"didnt", M::kNegation}, {"isnt", M::kNegation}, {"wasnt", M::kNegation},
    {"arent", M::kNegation}, {"werent", M::kNegation}, {"wont", M::kNegation}, {"hasnt", M::kNegation},
    {"havent", M::kNegation}, {"hadnt", M::kNegation}, {"couldnt", M::kNegation}, {"wouldnt", M::kNegation},
    {"shouldnt", M::kNegation}, {"ain't", M::kNegation}, {"far from", M::kNegation}, {"hardly", M::kNegation},
    {"no", M::kNegationOfNoun}, {"without", M::kNegationOfNoun}, {"barely", M::kNegationOfNoun},
    {"nicht", M::kNegationBothWays}, {"nie", M::kNegationBothWays}, {"niemals", M::kNegationBothWays},
    {"nichts", M::kNegationBothWays}, {"niemand", M::kNegationBothWays}, {"weder", M::kNegationBothWays},
    {"kaum", M::kNegationBothWays}, {"kein", M::kNegationOfNoun}, {"keine", M::kNegationOfNoun},
    {"keinen", M::kNegationOfNoun}, {"keiner", M::kNegation}, {"keinem", M::kNegationOfNoun},
    {"keinerlei", M::kNegationOfNoun}, {"ohne", M::kNegationOfNoun}, {"alles andere als", M::kNegation},
    {"only", M::kNegationStops}, {"just", M::kNegationStops}, {"nur", M::kNegationStops},
    {"very", M::kStrengthens}, {"so", M::kStrengthens}, {"really", M::kStrengthens}, {"extremely", M::kStrengthens},
    {"absolutely", M::kStrengthens}, {"totally", M::kStrengthens}, {"completely", M::kStrengthens},
    {"incredibly", M::kStrengthens}, {"most", M::kStrengthens}, {"sehr", M::kStrengthens},
    {"wirklich", M::kStrengthens}, {"echt", M::kStrengthens}, {"extrem", M::kStrengthens},
    {"absolut", M::kStrengthens}, {"total", M::kStrengthens}, {"voellig", M::kStrengthens},
    {"unglaublich", M::kStrengthens}, {"ganz", M::kStrengthens},
    {"slightly", M::kWeakens}, {"somewhat", M::kWeakens}, {"a bit", M::kWeakens}, {"a little", M::kWeakens},
    {"rather", M::kWeakens}, {"kind of", M::kWeakens}, {"etwas", M::kWeakens}, {"ein bisschen", M::kWeakens},
    {"ein wenig", M::kWeakens},
    {"but", M::kTurns}, {"however", M::kTurns}, {"aber", M::kTurns}, {"jedoch", M::kTurns},
    {"allerdings", M::kTurns}, {"sondern", M::kTurns},
    {"if", M::kSupposes}, {"in case", M::kSupposes}, {"whether", M::kSupposes}, {"falls", M::kSupposes},
    {"wenn", M::kSupposes}, {"ob", M::kSupposes},
    {"or", M::kNegationGoesOn}, {"oder", M::kNegationGoesOn}, {"noch", M::kNegationGoesOn},
    {"why", M::kAsksWhy}, {"how long", M::kAsksWhy}, {"when will", M::kAsksWhy}, {"warum", M::kAsksWhy},
    {"wieso", M::kAsksWhy}, {"weshalb", M::kAsksWhy}, {"wie lange", M::kAsksWhy}, {"wo bleibt", M::kAsksWhy},
};
// clang-format on

constexpr auto Sorted() {
  std::array<SentimentWord, std::size(kMoods) + std::size(kModifiers)> words{};
  auto end = std::copy(std::begin(kMoods), std::end(kMoods), words.begin());
  for (const Modifier& modifier : kModifiers) *end++ = {.text = modifier.text, .kind = modifier.kind};
  std::sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.text < b.text; });
  return words;
}
constexpr auto kWords = Sorted();

static_assert(std::adjacent_find(kWords.begin(), kWords.end(),
                                 [](const auto& a, const auto& b) { return a.text == b.text; }) == kWords.end(),
              "a word stands in the lexicon twice");
static_assert(std::all_of(kWords.begin(), kWords.end(),
                          [](const auto& word) {
                            return std::all_of(word.text.begin(), word.text.end(),
                                               [](char c) { return (c >= 'a' && c <= 'z') || c == ' ' || c == '\''; });
                          }),
              "words are lower case, umlauts two letters");

}  // namespace

absl::Span<const SentimentWord> SentimentWords() { return kWords; }

}  // namespace campaign::text
