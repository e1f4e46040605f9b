"""What columns are called: words for each field of a lead in several languages and in the exports of common programs.

Words are compared without regard to case, accents, blanks and punctuation. Within a field, `|` separates ranks: when
two columns would fill the same field, the one whose word stands further left does.
"""

import re
import unicodedata

WORDS = {
    "first_name": """
        first name, first, given name, givenname, forename, fname, vorname, rufname, prénom, nombre, nombre de pila,
        primer nombre, nome proprio, primeiro nome, voornaam, roepnaam, imię, förnamn, fornavn
    """,
    "last_name": """
        last name, last, surname, family name, lname, second name, nachname, familienname, zuname, nom de famille,
        apellido, apellidos, primer apellido, cognome, sobrenome, apelido, último nome, ultimo nome, achternaam,
        familienaam, nazwisko, efternamn, efternavn, etternavn
    """,
    "full_name": """
        full name, name, fullname, contact name, contact person, display name, complete name, your name, name of
        contact, vollständiger name, ansprechpartner, kontaktperson, kontakt name, vor und nachname, vorname
        nachname, name vorname, nom, nom complet, nom et prénom, nom prénom, prénom nom, interlocuteur, nombre
        completo, nombre y apellidos, nombre y apellido, persona de contacto, nome completo, nome e cognome, nome
        cognome, nome e sobrenome, nominativo, referente, nome, naam, volledige naam, contactpersoon, imię i
        nazwisko, namn
        | profile name, customer, client, kunde, file as
    """,
    "email": """
        email, e-mail, mail, email address, e-mail address, email id, mail id, mail address, email addresses,
        emails, electronic mail, email adresse, e-mail-adresse, mailadresse, emailadresse, adresse email, adresse
        e-mail, adresse mail, courriel, adresse courriel, mél, adresse électronique, correo, correo electrónico,
        dirección de correo, dirección de correo electrónico, dirección de email, direccion email, indirizzo email,
        indirizzo e-mail, indirizzo mail, posta elettronica, indirizzo di posta elettronica, endereço de email,
        endereço de e-mail, correio eletrónico, correio eletrônico, mailadres, emailadres, e-mailadres, adres
        e-mail, e-postadress, e-post
        | work email, business email, company email, professional email, email work, official email, geschäftliche
        e-mail, email professionnel, email corporativo, zakelijke e-mail, your email
        | personal email, private email, home email, email home, email other, private e-mail
        | secondary email, alternate email, alternative email, other email, additional emails, zweite e-mail
    """,
    "phone_number": """
        phone, phone number, telephone, telephone number, tel, tel no, phone no, ph, ph no, contact number, contact
        no, contact phone, phones, phone numbers, telefon, telefonnummer, tel nr, rufnummer, téléphone, numéro de
        téléphone, tél, no de téléphone, teléfono, número de teléfono, telefono, numero di telefono, recapito
        telefonico, telefone, número de telefone, telefoon, telefoonnummer, numer telefonu, phone with country code
        | mobile, mobile phone, mobile number, mobile no, mobile phone number, cell, cell phone, cellphone, cell
        number, phone mobile, mobile without country code, handy, handynummer, mobil, mobiltelefon, mobilnummer,
        portable, mobile phones, téléphone portable, téléphone mobile, tél portable, móvil, teléfono móvil, celular,
        cellulare, telefono cellulare, telemóvel, telemovel, mobiel, mobiel nummer, mobiele telefoon, gsm, whatsapp,
        whatsapp number, whatsapp no
        | work phone, business phone, office phone, direct phone, direct line, work direct phone, direct dial, phone
        work, telefon geschäftlich, festnetz, téléphone professionnel, téléphone fixe, teléfono fijo, teléfono de
        trabajo, telefono ufficio, telefono fisso, telefone fixo, vaste telefoon
        | home phone, other phone, phone home, phone other, phone main, alternate phone, secondary phone, alternate
        number, corporate phone, company main telephone, assistant's phone, business phone 2, home phone 2, telefon
        privat
    """,
    "phone_country_code": """
        country code, country calling code, calling code, dial code, dialing code, phone country code, phone code,
        phone prefix, isd code, ländervorwahl, landesvorwahl, indicatif, indicatif pays, prefijo, prefijo
        internacional, prefisso, prefisso internazionale, código do país, landcode, landnummer
    """,
    "company": """
        company, company name, organization, organisation, organization name, organisation name, org, employer,
        business name, current company, account name, company account, firm, firma, firmenname, unternehmen,
        unternehmensname, organisationsname, arbeitgeber, entreprise, société, nom de l'entreprise, nom de la
        société, raison sociale, empresa, nombre de la empresa, nombre empresa, compañía, organización, razón
        social, azienda, nome azienda, società, ragione sociale, ditta, nome da empresa, organização, companhia,
        bedrijf, bedrijfsnaam, organisatie, firmanaam, onderneming, företag, virksomhed
        | account, business, workplace, institution, legal name, parent company, corporation, brand
    """,
    "job_title": """
        job title, jobtitle, job, position, role, designation, job role, job position, current position,
        organization title, company title, occupation, profession, current title, stelle, stellenbezeichnung,
        berufsbezeichnung, jobtitel, funktion, poste, fonction, intitulé du poste, titre du poste, cargo, puesto,
        puesto de trabajo, título del puesto, ocupación, posizione, ruolo, qualifica, mansione, profissão, função,
        functie, functietitel, beroep, stanowisko
        | headline, seniority title, berufliche position
    """,
    "title": "title, titel, titre, título, titolo",
    "linkedin_url": """
        linkedin, linkedin url, linkedin profile, linkedin profile url, linkedin link, linkedin address, linkedin
        id, linkedin account, li url, linkedin public url, linkedin profil, profil linkedin, perfil de linkedin,
        perfil linkedin, profilo linkedin, linkedin profiel
        | profile url, profile link, default profile url, public profile url, public identifier, sales navigator
        url, linkedin sales navigator url, salesnav url
    """,
    "website": """
        website, web site, website url, homepage, home page, web, web page, webpage, company website, company url,
        site web, site internet, webseite, internetseite, internetadresse, sitio web, página web, pagina web, sito,
        sito web, sito internet, site, website address, url del sitio web, website 1, webadres, internet
        | domain, company domain, company domain name, domain name, website domain, email domain, regular company
        url, dominio, domaine, domein, associated company domain
    """,
    "url": "url, link, profile, profil, perfil",
    "industry": """
        industry, industries, sector, industry sector, business sector, branche, industriezweig, wirtschaftszweig,
        industrie, secteur, secteur d'activité, domaine d'activité, industria, sector industrial, settore, settore
        industriale, settore di attività, setor, indústria, ramo de atividade, bedrijfstak
        | vertical, primary industry
    """,
    "address": """
        address, street address, street, address line 1, address line, postal address, mailing address, full
        address, addr, adresse, anschrift, straße, straße und hausnummer, straße hausnummer, postanschrift, rue,
        adresse postale, voie, dirección, calle, domicilio, dirección postal, indirizzo, via, indirizzo completo,
        endereço, rua, morada, logradouro, adres, straat, straat en huisnummer, straatnaam, adress, ulica
        | address street, street 1, address 1, street line 1
        | address formatted, formatted address
    """,
    "city": """
        city, town, city name, city town, locality, municipality, suburb, ort, stadt, wohnort, stadt ort, ville,
        commune, localité, ciudad, localidad, población, municipio, città, comune, località, cidade, município,
        stad, plaats, woonplaats, gemeente, miasto, postort
        | address city, metro, metro area
    """,
    "state": """
        state, province, state province, region, state region, state code, county, prefecture, bundesland, land
        bundesland, kanton, région, département, état, provincia, estado, comunidad autónoma, departamento, regione,
        distrito, província, provincie, regio, staat
        | address region, address state
    """,
    "country": """
        country, country name, nation, country region, land, staat land, pays, país, paese, nazione, stato, nação,
        kraj
        | address country, country iso, country code iso, ländercode, code pays, código de país
    """,
    "location": """
        location, place, person location, current location, standort, lieu, localisation, ubicación, lugar, luogo,
        localização, locatie, based in
        | company location
    """,
    "pin_code": """
        pin code, pin, pincode, zip, zip code, zipcode, postal code, postcode, post code, zip postal code, zip
        postcode, plz, postleitzahl, code postal, cp, código postal, codigo postal, cap, codice postale, codice di
        avviamento postale, cep, cód postal, postnummer, kod pocztowy, postalcode
        | address postal code, address zip
    """,
    "notes": """
        notes, note, remarks, remark, crm note, crm notes, lead notes, notizen, notiz, bemerkung, bemerkungen,
        anmerkung, anmerkungen, remarque, remarques, notas, nota, observaciones, osservazioni, annotazioni,
        observações, observação, notities, opmerking, opmerkingen
        | comments, comment, user comments, customer comments, kommentar, kommentare, commentaire, commentaires,
        comentarios, comentario, commenti, commento, comentários, comentário, commentaar
        | description, message, details, additional information, additional info, beschreibung, nachricht,
        descripción, mensaje, descrizione, messaggio, descrição, mensagem, omschrijving, bericht, summary
    """,
    "estimated_value": """
        estimated value, deal value, deal amount, lead value, value, amount, expected revenue, opportunity value,
        opportunity amount, potential value, expected value, deal size, auftragswert, geschätzter wert, wert,
        betrag, dealwert, valeur, valeur estimée, montant, valor, valor estimado, importe, monto, valore, valore
        stimato, importo, waarde, geschatte waarde, bedrag
        | budget, presupuesto, orçamento
    """,
    "tags": """
        tags, tag, labels, label, categories, category, keywords, groups, group membership, lists, segments,
        schlagwörter, schlagworte, stichwörter, kategorien, kategorie, étiquettes, étiquette, catégories, catégorie,
        mots clés, etiquetas, etiqueta, categorías, categoría, etichette, etichetta, categorie, marcadores,
        categorias, trefwoorden
    """,
    "lead_source": """
        lead source, source, source of lead, leadsource, lead source text, quelle, leadquelle, herkunft, source du
        lead, origine, origen, fuente, fuente del lead, fonte, origine lead, fonte do lead, origem, bron, leadbron,
        herkomst
        | data source, original source, channel, acquisition channel, source type, kanal, canal, canale
    """,
    "status": """
        status, lead status, status text, leadstatus, current status, stato lead, estado del lead, statut, situação
        | crm status, contact status, stage, lead stage, lifecycle stage
    """,
    "priority": """
        priority, lead priority, priority text, priorität, priorité, prioridad, priorità, prioridade, prioriteit
        | rating, lead rating, urgency, dringlichkeit
    """,
    "contact": "contact, kontakt, contacto, contatto, contato, contact details, contact info, lead, prospect, person",
}
# Names that look like one of the above after a prefix is taken away, and are something else.
NOT_OURS = """
    username, user name, lead title, deal title, campaign name, ad name, form name, product name, file name, list
    name, company type, home page title, middle name, nickname, maiden name, contact id, lead id, record id, owner
    name
"""
# How much further back a column ranks -> the prefixes that were taken away: "Email" goes before "Company email".
PREFIXES = {
    0: """
        property hs lead contact customer client prospect person primary main your invitee attendee applicant
        buyer crm current kontakt kunden contacto cliente
    """,
    1: "work business office billing mailing geschäftlich rechnungs address",
    2: "personal home private privat",
    3: "shipping delivery",
    4: "company organization organisation account firmen unternehmens bedrijfs",
    5: "other secondary alternate additional",
}
SUFFIXES = ("value", "s", "c", "required")


AND = re.compile(r"[/|&+]|\b(?:and|or|und|oder|et|ou|y|e|en|of)\b", re.IGNORECASE)


def compact(text):
    """Lower-case letters and digits of a name, accents and everything else removed: "Prénom (1)" -> "prenom1"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())


def _dictionary():
    known: dict[str, tuple[str | None, int]] = {}
    for field, words in WORDS.items():
        for rank, group in enumerate(words.split("|")):
            for word in group.split(","):
                known.setdefault(compact(word), (field, rank))
    for word in NOT_OURS.split(","):
        known[compact(word)] = (None, 0)
    return known


KNOWN = _dictionary()
BY_LENGTH = sorted(
    ((compact(prefix), back) for back, prefixes in PREFIXES.items() for prefix in prefixes.split()),
    key=lambda pair: -len(pair[0]),
)


def field_of(header):
    """(field, rank) of a column name, (None, 0) when the words say nothing. Lower ranks go first."""
    bare = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", " ", header[:200])
    joined = len(AND.split(bare)) > 1
    for text in (header[:200], bare):
        word = compact(text)
        field, rank = KNOWN.get(word, (None, 0)) if joined else _one(word)
        if field:
            return field, rank
    sides = [_one(compact(side)) for side in AND.split(bare)]
    fields = {field for field, _ in sides if field}
    return (fields.pop(), min(rank for field, rank in sides if field)) if len(fields) == 1 else (None, 0)


def is_known(header):
    return field_of(header)[0] is not None


def _one(word):
    if word in KNOWN:
        return KNOWN[word]
    number = re.search(r"\d", word)
    if number:  # "E-mail 2 Address": the second of several
        field, rank = _one(re.sub(r"\d+", "", word))
        return field, rank + 10 * (int(number[0]) > 1) + (int(number[0]) > 1) * int(number[0])
    for suffix in SUFFIXES:
        if word.endswith(suffix) and KNOWN.get(word[: -len(suffix)], (None,))[0]:
            return KNOWN[word[: -len(suffix)]]
    for prefix, back in BY_LENGTH:
        rest = word[len(prefix) :]
        if rest and word.startswith(prefix):
            field, rank = _one(rest)
            if field:
                return field, rank + back
    return None, 0
