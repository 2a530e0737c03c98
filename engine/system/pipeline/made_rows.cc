#include "system/pipeline/made_rows.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "ground/clock.h"
#include "ground/random.h"

namespace millgate {

namespace {

constexpr uint64_t kSeed = 1;
constexpr int64_t kDayMicros = 24LL * 60 * 60 * 1'000'000;
constexpr int64_t kFirstDay = 20'089;  ///< 2025-01-01, in days since 1970.

std::string day_text(int64_t day) {
  return to_string(Time{(kFirstDay + day) * kDayMicros}).substr(0, 10);
}

/// "C00042".
std::string row_name(char letter, int64_t number) {
  std::string digits = std::to_string(number);
  return letter + std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
}

/// `hundredths` as "12.05"; not negative.
std::string with_cents(int64_t hundredths) {
  const std::string cents = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + (cents.size() < 2 ? ".0" : ".") + cents;
}

/// A whole number from `low` to `high`.
int64_t between(Random& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random.below(static_cast<uint64_t>(high - low + 1)));
}

/// A whole number around 0, seldom as far off as `width`: the mean of four.
int64_t around_zero(Random& random, int64_t width) {
  int64_t sum = 0;
  for (int i = 0; i < 4; ++i) sum += between(random, -width, width);
  return sum / 4;
}

bool chance(Random& random, int64_t permille) { return between(random, 0, 999) < permille; }

template <size_t N>
size_t any_of(Random& random, const std::array<std::string_view, N>&) {
  return random.below(N);
}

/// A line of CSV. No field holds a comma or a quote.
template <typename... Fields>
void add_row(std::string& csv, const Fields&... fields) {
  const char* comma = "";
  ((csv.append(comma).append(fields), comma = ","), ...);
  csv += '\n';
}

}  // namespace

std::string made_customers() {
  constexpr std::array<std::string_view, 3> kPlans = {"basic", "family", "business"};
  constexpr std::array<std::string_view, 4> kRegions = {"north", "east", "south", "west"};
  constexpr std::array<int64_t, 3> kFees = {1200, 2500, 4900};
  constexpr int64_t kRows = 2400;
  Random random = Random::stream(kSeed, "customers");
  std::string csv = "customer,asked,months,plan,region,fee,logins,complaints,left\n";
  for (int64_t i = 0; i < kRows; ++i) {
    const size_t plan = any_of(random, kPlans);
    const size_t region = any_of(random, kRegions);
    const int64_t months = between(random, 1, 60);
    const int64_t fee = kFees[plan] + 50 * between(random, 0, 12);
    const int64_t logins = between(random, 0, 30);
    const int64_t complaints = chance(random, 700) ? 0 : between(random, 1, 4);
    const int64_t leaves = 430 - 4 * months - 12 * logins + 140 * complaints + (plan == 0 ? 90 : 0);
    const bool left = chance(random, std::clamp<int64_t>(leaves, 30, 950));
    add_row(csv, row_name('C', i + 1), day_text(i * 365 / kRows), std::to_string(months),
            kPlans[plan], kRegions[region], with_cents(fee), std::to_string(logins),
            std::to_string(complaints), std::string_view(left ? "1" : "0"));
  }
  return csv;
}

std::string made_tickets() {
  constexpr std::array<std::string_view, 3> kTeams = {"billing", "technical", "sales"};
  constexpr std::array<std::string_view, 3> kProducts = {"router", "television", "telephone"};
  constexpr std::array<std::string_view, 3> kChannels = {"mail", "chat", "call"};
  // The first twelve are a team's own, four each; any ticket may hold the others.
  constexpr std::array<std::string_view, 20> kWords = {
      "invoice", "refund", "charged", "payment", "slow",    "broken", "reset",
      "error",   "offer",  "upgrade", "price",   "moving",  "please", "again",
      "since",   "monday", "house",   "nobody",  "account", "today"};
  constexpr int64_t kRows = 2400;
  Random random = Random::stream(kSeed, "tickets");
  std::string csv = "ticket,opened,channel,product,open_invoices,subject,team\n";
  for (int64_t i = 0; i < kRows; ++i) {
    const int64_t of_ten = between(random, 0, 9);
    const size_t team = of_ten < 4 ? 0 : of_ten < 8 ? 1 : 2;
    const size_t product = chance(random, 500) && team == 1 ? 0 : any_of(random, kProducts);
    const int64_t invoices = between(random, 0, team == 0 ? 4 : 1);
    std::string subject;
    for (int64_t word = 0, count = between(random, 3, 6); word < count; ++word) {
      const bool own = chance(random, 350);
      const size_t at = own ? 4 * team + random.below(4) : random.below(kWords.size());
      subject.append(subject.empty() ? "" : " ").append(kWords[at]);
    }
    add_row(csv, row_name('T', i + 1), day_text(i * 365 / kRows),
            kChannels[any_of(random, kChannels)], kProducts[product], std::to_string(invoices),
            subject, kTeams[team]);
  }
  return csv;
}

std::string made_deliveries() {
  constexpr std::array<std::string_view, 3> kVehicles = {"bicycle", "scooter", "van"};
  constexpr std::array<int64_t, 3> kSecondsAKilometre = {240, 150, 190};
  constexpr int64_t kRows = 2400;
  Random random = Random::stream(kSeed, "deliveries");
  std::string csv = "delivery,ordered,vehicle,distance_km,items,rain_mm,minutes\n";
  for (int64_t i = 0; i < kRows; ++i) {
    const int64_t hour = between(random, 10, 21);
    const size_t vehicle = any_of(random, kVehicles);
    const int64_t metres = 10 * between(random, 30, 900);
    const int64_t items = between(random, 1, 8);
    const int64_t rain = chance(random, 700) ? 0 : between(random, 1, 90);  // Tenths of a mm.
    const bool rush = hour >= 17 && hour <= 19;
    const int64_t road = metres * kSecondsAKilometre[vehicle] / 1000 * (rush ? 14 : 10) / 10;
    const int64_t seconds =
        480 + 45 * items + road + (vehicle == 2 ? 0 : 5 * rain) + around_zero(random, 300);
    add_row(csv, row_name('D', i + 1),
            day_text(i * 365 / kRows) + " " + std::to_string(hour) + ":00:00", kVehicles[vehicle],
            with_cents(metres / 10), std::to_string(items), with_cents(rain * 10),
            std::to_string(std::max<int64_t>(seconds, 300) / 60));
  }
  return csv;
}

std::string made_results() {
  constexpr int64_t kQueries = 500;
  Random random = Random::stream(kSeed, "results");
  std::string csv = "result,search,asked,match,clicks,price,relevance\n";
  int64_t row = 0;
  for (int64_t query = 0; query < kQueries; ++query) {
    for (int64_t i = 0, count = between(random, 3, 10); i < count; ++i) {
      const int64_t match = between(random, 0, 100);
      const int64_t clicks = between(random, 0, 40);
      const int64_t price = between(random, 500, 10'000);
      const int64_t worth = 3 * match + 2 * clicks - price / 60 + around_zero(random, 60);
      const int64_t relevance = std::clamp<int64_t>((worth - 80) / 60, 0, 3);
      add_row(csv, row_name('R', ++row), row_name('S', query + 1), day_text(query * 365 / kQueries),
              with_cents(match), std::to_string(clicks), with_cents(price),
              std::to_string(relevance));
    }
  }
  return csv;
}

std::string made_sales() {
  constexpr std::array<std::string_view, 12> kShops = {
      "Aspen Road", "Birch Lane",  "Cedar Square", "Elm Street",   "Fir Hill",    "Hazel Court",
      "Juniper",    "Larch Green", "Maple Corner", "Oak Crossing", "Pine Market", "Rowan Gate"};
  constexpr std::array<int64_t, 7> kWeekdays = {90, 85, 90, 100, 125, 150, 60};  // Percent.
  constexpr int64_t kDays = 365;
  Random random = Random::stream(kSeed, "sales");
  std::array<int64_t, kShops.size()> usual = {};
  std::array<int64_t, kShops.size()> mood = {};  // What lasts from one day to the next.
  for (int64_t& one : usual) one = between(random, 40, 160);
  std::string csv = "shop,day,price,promotion,units\n";
  for (int64_t day = 0; day < kDays; ++day) {
    const int64_t weekday = kWeekdays[static_cast<size_t>((day + 2) % 7)];  // It was a Wednesday.
    for (size_t shop = 0; shop < kShops.size(); ++shop) {
      mood[shop] = mood[shop] * 9 / 10 + around_zero(random, 16);
      const bool promotion = chance(random, 120);
      const int64_t price = (promotion ? 399 : 499) + 10 * between(random, 0, 5);
      const int64_t percent = weekday * (promotion ? 140 : 100) / 100 * (100 + mood[shop]) / 100;
      const int64_t units = usual[shop] * percent / 100 + around_zero(random, 14);
      add_row(csv, kShops[shop], day_text(day), with_cents(price),
              std::string_view(promotion ? "true" : "false"),
              std::to_string(std::max<int64_t>(units, 0)));
    }
  }
  return csv;
}

}  // namespace millgate
