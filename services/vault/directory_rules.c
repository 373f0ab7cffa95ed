/* The rules of contacts and routes: an address that could carry a second header or host is none. */
#include "services/vault/directory_rules.h"

#include <string.h>

static bool is_graph(char byte) { return byte > ' ' && byte < 0x7f; }

static bool has_prefix(text_t text, const char *prefix) {
    size_t size = strlen(prefix);
    return text.size > size && memcmp(text.at, prefix, size) == 0;
}

bool mail_address_holds(text_t mail) {
    uint32_t at = 0, ats = 0;
    for (uint32_t index = 0; index < mail.size; index++) {
        char byte = mail.at[index];
        if (!is_graph(byte) || strchr("<>()[],;:\\\"", byte) != NULL) return false;
        if (byte != '@') continue;
        at = index;
        ats++;
    }
    return ats == 1 && at > 0 && at + 1 < mail.size && mail.at[0] != '-';
}

bool mobile_holds(text_t mobile) {
    if (has_prefix(mobile, "+86")) mobile = (text_t){mobile.at + 3, mobile.size - 3};
    if (mobile.size != 11 || mobile.at[0] != '1' || mobile.at[1] < '3') return false;
    for (uint32_t index = 0; index < mobile.size; index++)
        if (mobile.at[index] < '0' || mobile.at[index] > '9') return false;
    return true;
}

bool hours_hold(uint64_t from_minute, uint64_t until_minute) {
    return (from_minute == 0 && until_minute == 0) || from_minute < until_minute;
}

bool channel_is_robot(channel_t channel) {
    return channel == channel_wecom || channel == channel_dingtalk || channel == channel_feishu;
}

bool channel_reaches_persons(channel_t channel) { return channel == channel_mail || channel == channel_sms; }

text_t contact_refusal(const contact_t *contact, const char **path) {
    *path = "mail";
    if (contact->mail.size > 0 && !mail_address_holds(contact->mail)) return REASON_OF(bad_address);
    if (contact->mail.size == 0 && contact->mobile.size == 0) return REASON_OF(address_missing);
    *path = "mobile";
    if (contact->mobile.size > 0 && !mobile_holds(contact->mobile)) return REASON_OF(bad_address);
    *path = "from_minute";
    return hours_hold(contact->from_minute, contact->until_minute) ? text_of(NULL) : REASON_OF(bad_hours);
}

static bool url_is_clean(text_t url) {
    for (uint32_t index = 0; index < url.size; index++)
        if (!is_graph(url.at[index])) return false;
    return true;
}

/* https for robots and hooks; smtps, or smtp, where STARTTLS is then demanded. Without TLS only if the route says so. */
static text_t url_refusal(const route_t *route) {
    bool mail = route->channel == channel_mail;
    if (!url_is_clean(route->url)) return REASON_OF(bad_address);
    if (mail && (has_prefix(route->url, "smtps://") || has_prefix(route->url, "smtp://"))) return text_of(NULL);
    if (!mail && has_prefix(route->url, "https://")) return text_of(NULL);
    if (!mail && has_prefix(route->url, "http://")) return route->plain ? text_of(NULL) : REASON_OF(not_encrypted);
    return REASON_OF(bad_address);
}

text_t route_refusal(const route_t *route, const char **path) {
    bool signs = route->channel == channel_dingtalk || route->channel == channel_feishu;
    *path = "from_minute";
    if (!hours_hold(route->from_minute, route->until_minute)) return REASON_OF(bad_hours);
    *path = "url";
    if (route->channel == channel_sink) return route->url.size == 0 ? text_of(NULL) : REASON_OF(bad_address);
    if (route->url.size == 0) return REASON_OF(address_missing);
    text_t code = url_refusal(route);
    if (code.size > 0) return code;
    *path = "proxy";
    if (!url_is_clean(route->proxy)) return REASON_OF(bad_address);
    *path = "sender";
    if (route->channel == channel_mail && !mail_address_holds(route->sender)) return REASON_OF(bad_address);
    *path = "secret";
    return signs && route->secret.size == 0 ? REASON_OF(secret_missing) : text_of(NULL);
}
