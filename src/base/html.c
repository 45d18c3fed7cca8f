/* SPDX-License-Identifier: MIT */
/* Escaping and the frame of a document. Sources: the WHATWG's HTML standard, CSP level 3. */
#include "base/html.h"

#include "base/html_style.h"
#include "base/utf.h"

#include <string.h>

/* U+FFFE and U+FFFF are well-formed UTF-8, but no character of any document. */
static bool is_noncharacter(const char *text, size_t length)
{
    return length == 3 && memcmp(text, "\xef\xbf", 2) == 0 && (unsigned char)text[2] >= 0xbe;
}

/* One character of the document, of `length` bytes (0: malformed); returns the bytes used. */
static size_t put_character(struct avd_strbuf *out, const char *text, size_t length)
{
    if (length == 0 || avd_utf8_is_control(text, length) || is_noncharacter(text, length)) {
        avd_strbuf_printf(out, "\\x%02x", (unsigned)(unsigned char)*text);
        return 1;
    }
    switch (*text) {
    case '&': avd_strbuf_puts(out, "&amp;"); break;
    case '<': avd_strbuf_puts(out, "&lt;"); break;
    case '>': avd_strbuf_puts(out, "&gt;"); break;
    case '"': avd_strbuf_puts(out, "&#34;"); break;
    case '\'': avd_strbuf_puts(out, "&#39;"); break;
    default: avd_strbuf_add(out, text, length); break;
    }
    return length;
}

static bool is_plain(char c)
{
    return c >= ' ' && c < 0x7f && c != '&' && c != '<' && c != '>' && c != '"' && c != '\'';
}

static void put_text(struct avd_strbuf *out, const char *text, size_t size, bool lines)
{
    size_t i = 0;

    while (i < size) {
        size_t start = i;

        if (lines && (text[i] == '\n' || text[i] == '\r')) {
            i += text[i] == '\r' && i + 1 < size && text[i + 1] == '\n' ? 2 : 1;
            avd_strbuf_puts(out, "<br/>");
            continue;
        }
        while (i < size && is_plain(text[i]))
            i++;
        if (i != start)
            avd_strbuf_add(out, text + start, i - start);
        else
            i += put_character(out, text + i, avd_utf8_length(text + i, size - i));
    }
}

void avd_html_text(struct avd_strbuf *out, const char *text)
{
    if (text != NULL)
        put_text(out, text, strlen(text), false);
}

void avd_html_lines(struct avd_strbuf *out, const char *text, size_t max)
{
    size_t size = text != NULL ? strlen(text) : 0;
    size_t shown = size;

    if (max != 0 && size > max) {
        shown = max;
        while (shown != 0 && ((unsigned char)text[shown] & 0xc0) == 0x80)
            shown--;
    }
    put_text(out, text, shown, true);
    if (shown != size)
        avd_strbuf_printf(out, "<br/><em>and %zu bytes more, which the JSON report has</em>",
                          size - shown);
}

void avd_html_link(struct avd_strbuf *out, const char *text)
{
    if (text != NULL && (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0)) {
        avd_strbuf_puts(out, "<a rel=\"noopener noreferrer\" href=\"");
        avd_html_text(out, text);
        avd_strbuf_puts(out, "\">");
        avd_html_text(out, text);
        avd_strbuf_puts(out, "</a>");
    } else {
        avd_html_lines(out, text, 0);
    }
}

void avd_html_begin(struct avd_strbuf *out, const char *title)
{
    size_t i;

    avd_strbuf_puts(out, "<!DOCTYPE html>\n"
                         "<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
                         "<meta charset=\"utf-8\"/>\n"
                         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                         "'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action "
                         "'none'\"/>\n"
                         "<meta name=\"viewport\" content=\"width=device-width, "
                         "initial-scale=1\"/>\n"
                         "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
                         "<meta name=\"referrer\" content=\"no-referrer\"/>\n<title>");
    avd_html_text(out, title);
    avd_strbuf_puts(out, "</title>\n<style>\n");
    for (i = 0; avd_html_style[i] != NULL; i++)
        avd_strbuf_puts(out, avd_html_style[i]);
    avd_strbuf_puts(out, "</style>\n</head>\n<body>\n");
}

void avd_html_end(struct avd_strbuf *out)
{
    avd_strbuf_puts(out, "</body>\n</html>\n");
}

void avd_html_section(struct avd_strbuf *out, const char *id, const char *title)
{
    avd_strbuf_printf(out, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id,
                      title);
}

void avd_html_section_end(struct avd_strbuf *out)
{
    avd_strbuf_puts(out, "</section>\n");
}

void avd_html_table(struct avd_strbuf *out, const char *css_class, const char *label,
                    const char *columns)
{
    /* What scrolls must be reachable by the keyboard, and then needs a name. */
    avd_strbuf_printf(out,
                      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
                      "aria-label=\"%s\"><table class=\"%s\"><thead><tr>",
                      label, css_class);
    for (;;) {
        size_t size = strcspn(columns, "|");

        avd_strbuf_puts(out, "<th scope=\"col\">");
        avd_strbuf_add(out, columns, size);
        avd_strbuf_puts(out, "</th>");
        if (columns[size] == '\0')
            break;
        columns += size + 1;
    }
    avd_strbuf_puts(out, "</tr></thead><tbody>\n");
}

void avd_html_table_end(struct avd_strbuf *out)
{
    avd_strbuf_puts(out, "</tbody></table></div>\n");
}
