// A visitor reads times in the zone of the browser, unless the address says another one.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
const address = new URL(location.href)
if (zone && !address.searchParams.has("tz")) {
  address.searchParams.set("tz", zone)
  if (!address.searchParams.has("clock")) {
    address.searchParams.set("clock", new Intl.DateTimeFormat(navigator.language, { hour: "numeric" }).resolvedOptions().hour12 ? "12" : "24")
  }
  location.replace(address)
}
