"""The canonical lead fields, what each means, and the headers under which the world calls them.

Aliases cover the exports of Apollo, HubSpot, LinkedIn Sales Navigator, Lemlist, Smartlead, Instantly and Salesforce
and plain names in English, German, French, Spanish, Turkish and Portuguese (BEHAVIOUR 2). The earlier an alias
stands, the stronger it is: with two columns for one field the earlier one wins. Never looks at values.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

MEANINGS: dict[str, str] = {
    "email": "e-mail address under which the person is written to",
    "name": "full name in one piece",
    "first_name": "given name",
    "last_name": "family name",
    "title": "job title",
    "seniority": "level of the job, such as VP or Manager",
    "department": "department or function of the job",
    "phone": "telephone number of the person",
    "linkedin_url": "the person's own LinkedIn page",
    "city": "city the person works in",
    "state": "state, region or province",
    "country": "country, as name or code",
    "location": "place in one piece, such as 'Berlin, Germany'",
    "email_status": "what the source says about the e-mail address, such as Verified",
    "tags": "labels given by the source",
    "company": "name of the company",
    "domain": "internet domain of the company",
    "website": "address of the company's web site",
    "company_linkedin_url": "the company's LinkedIn page",
    "industry": "industry of the company",
    "employee_count": "number of people at the company, or a range",
    "revenue": "annual revenue of the company",
    "funding": "latest funding stage of the company",
}

# One line per language or product family, strongest first; written as people write them and normalised below.
_ALIASES: dict[str, str] = {
    "email": """email|e-mail|email address|e-mail address|work email|business email|lead email|contact email
        |professional email|corporate email|primary email|emailaddress|mail|email id|prospect email|person email
        |E-Mail-Adresse|Mailadresse|geschäftliche E-Mail|adresse e-mail|adresse email|adresse mail|courriel
        |adresse électronique|correo|correo electrónico|dirección de correo|e-posta|eposta|e-posta adresi|posta
        |e-mail adresi|correio eletrônico|endereço de e-mail|email address 1|email 1|e-mail 1
        |personal email|private email|home email|secondary email|other email|additional email|alternate email
        |alternative email|email 2|e-mail 2|email address 2|email 3|e-mail 3|persönliche E-Mail|private E-Mail""",
    "name": """full name|contact name|person name|lead name|prospect name|name|contact|person|display name
        |vollständiger Name|Vor- und Nachname|Ansprechpartner|Kontakt|Kontaktname|nom complet|nom et prénom
        |prénom et nom|nom du contact|nombre completo|nombre y apellido|nombre y apellidos|contacto
        |ad soyad|adı soyadı|isim soyisim|tam ad|yetkili|nome completo|nome e sobrenome|contato|nome do contato""",
    "first_name": """first name|given name|forename|first|fname|contact first name|lead first name|person first name
        |Vorname|prénom|primer nombre|nombre de pila|isim|adı|primeiro nome|nome próprio""",
    "last_name": """last name|family name|surname|last|lname|contact last name|lead last name|person last name
        |Nachname|Familienname|Zuname|nom de famille|apellido|apellidos|primer apellido|soyad|soyadı|soyisim
        |sobrenome|apelido|último nome""",
    "title": """title|job title|position|job|role|job position|current title|current position|occupation|designation
        |headline|contact title|person title|jobtitel|Berufsbezeichnung|Stellenbezeichnung|Funktion|Beruf
        |fonction|poste|intitulé du poste|titre|titre du poste|cargo|puesto|puesto de trabajo|título|ocupación
        |unvan|ünvan|pozisyon|görev|meslek|cargo atual|função|profissão""",
    "seniority": """seniority|seniority level|job level|level|management level|job seniority|karrierestufe
        |Hierarchieebene|niveau hiérarchique|ancienneté|nivel|nivel jerárquico|antigüedad|kıdem|senioridade
        |nível hierárquico""",
    "department": """department|departments|job function|function|team|sub departments|Abteilung|Bereich|département
        |service|departamento|área|departman|bölüm|birim|setor da empresa""",
    "phone": """phone|phone number|telephone|tel|direct phone|work direct phone|work phone|business phone
        |mobile phone|mobile|mobile phone number|mobile number|cell|cell phone|cell phone number|contact phone
        |phone 1|direct dial|first phone|contact number|telephone number|phone no|direct number
        |Telefon|Telefonnummer|Rufnummer|Durchwahl|Handy|Handynummer|Mobil|Mobiltelefon|Mobilnummer
        |téléphone|numéro de téléphone|portable|téléphone portable|téléphone mobile|teléfono|número de teléfono
        |móvil|celular|telefon numarası|cep|cep telefonu|telefone|número de telefone|telemóvel
        |corporate phone|company phone|company phone number|headquarters phone|home phone|other phone|phone 2""",
    "linkedin_url": """person linkedin url|linkedin url|linkedin|linkedin profile|linkedin profile url|profile url
        |contact linkedin url|person linkedin|linkedin link|linkedin bio|linkedin profile link|linkedin person url
        |lead linkedin url|sales navigator url|sales navigator profile url|defaultProfileUrl|linkedInProfileUrl
        |contact linkedin profile url|LinkedIn-Profil|profil linkedin|perfil de linkedin|perfil do linkedin
        |linkedin profili|linkedin adresi|li url|li profile""",
    "city": """city|town|person city|contact city|mailing city|Stadt|Ort|Wohnort|ville|ciudad|localidad|şehir
        |il|cidade|município|company city|billing city""",
    "state": """state|region|state/region|province|state/province|county|person state|contact state|mailing state
        |mailing state/province|Bundesland|Kanton|région|canton|estado|provincia|región|eyalet|bölge|província
        |company state|billing state|billing state/province""",
    "country": """country|country/region|country code|person country|contact country|mailing country|nation|Land
        |Staat|pays|país|país/región|ülke|país/região|company country|billing country""",
    "location": """location|person location|contact location|geography|address|lead location|Standort|Adresse
        |Anschrift|localisation|lieu|emplacement|adresse postale|ubicación|dirección|konum|adres|lokasyon
        |localização|localidade|endereço|company location|headquarters|mailing address""",
    "email_status": """email status|email verification status|email validation status|verification status|zb status
        |email verification|email confidence status|E-Mail-Status|statut email|statut de l'e-mail|estado del correo
        |e-posta durumu|status do e-mail""",
    "tags": """tags|labels|tag|label|keywords tags|Schlagwörter|Stichwörter|étiquettes|etiquetas|etiketler|marcadores
        |lists""",
    "company": """company|company name|account name|organization name|organization|organisation|employer
        |current company|company/account|company name for emails|account|business name|firm|organisation name
        |associated company|lead company|Firma|Firmenname|Unternehmen|Unternehmensname|Arbeitgeber|Betrieb
        |entreprise|société|nom de l'entreprise|nom de la société|raison sociale|employeur|empresa
        |nombre de la empresa|compañía|organización|razón social|şirket|şirket adı|firma adı|kurum|kuruluş|işyeri
        |nome da empresa|companhia|organização|razão social|company name cleaned|normalized company name""",
    "domain": """company domain|domain|company domain name|domain name|website domain|email domain|account domain
        |company email domain|Domäne|Domain der Firma|domaine|nom de domaine|dominio|alan adı|domínio""",
    "website": """website|company website|web site|website url|company url|homepage|url|web|site|company website url
        |web address|account website|Webseite|Webauftritt|Internetseite|Internetadresse|Internet|site web
        |site internet|sitio web|página web|web sitesi|internet sitesi|site da empresa|página da web""",
    "company_linkedin_url": """company linkedin url|company linkedin|linkedin company url|linkedin company page
        |company linkedin page|company linkedin profile|organization linkedin url|account linkedin url
        |linkedin company profile url|regularCompanyUrl|companyLinkedInProfileUrl|Firmen-LinkedIn
        |LinkedIn Unternehmen|linkedin entreprise|linkedin de la empresa|şirket linkedin|linkedin da empresa""",
    "industry": """industry|company industry|sector|industries|vertical|primary industry|industry sector|Branche
        |Industrie|Wirtschaftszweig|secteur|secteur d'activité|industrie|industria|sector industrial|sektör
        |endüstri|setor|indústria|ramo de atividade""",
    "employee_count": """# employees|number of employees|employees|employee count|company size|headcount|no of employees
        |num employees|employee range|company headcount|company employee count|size|staff count|staff
        |Mitarbeiter|Mitarbeiterzahl|Anzahl Mitarbeiter|Mitarbeiteranzahl|Beschäftigte|Unternehmensgröße
        |Firmengröße|effectif|effectifs|nombre d'employés|nombre de salariés|taille de l'entreprise
        |número de empleados|empleados|tamaño de la empresa|plantilla|çalışan sayısı|çalışanlar|şirket büyüklüğü
        |número de funcionários|funcionários|número de empregados|tamanho da empresa""",
    "revenue": """annual revenue|revenue|company revenue|revenue range|company annual revenue|turnover|sales volume
        |estimated revenue|Umsatz|Jahresumsatz|chiffre d'affaires|CA annuel|ingresos|ingresos anuales|facturación
        |ciro|yıllık ciro|gelir|faturamento|receita|receita anual|volume de negócios""",
    "funding": """latest funding|funding|funding stage|latest funding stage|last funding round|funding round
        |last funding type|funding type|company funding|total funding|Finanzierung|Finanzierungsrunde|financement
        |levée de fonds|financiación|ronda de financiación|yatırım|yatırım turu|financiamento
        |rodada de investimento|latest funding amount""",
}

AMBIGUOUS_NAMES = frozenset({"name", "nom", "nombre", "nome", "ad"})
"""Headers (normalised) that mean the full name, the given or the family name, as the other columns decide."""

_FOREIGN_LETTERS = str.maketrans("łıøđðþæœ", "lioddtao")


@lru_cache(maxsize=4096)
def normalise_header(header: str) -> str:
    """Letters and digits only, lower case, accents dropped: 'First Name', 'first_name', 'firstName' are one.

    '' for a header without letters and digits.
    """
    folded = unicodedata.normalize("NFKD", header.casefold()).translate(_FOREIGN_LETTERS)
    return "".join(character for character in folded if character.isalnum())


def _index() -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for field, text in _ALIASES.items():
        for rank, alias in enumerate([field, *text.split("|")]):
            key = normalise_header(alias)
            field_before, _ = found.setdefault(key, (field, rank))
            if field_before != field:
                raise ValueError(f"header alias {alias.strip()!r} stands under {field_before} and {field}")
    return found


ALIASES: dict[str, tuple[str, int]] = _index()
"""Normalised header → (field, rank); rank 0 is the strongest."""


def is_email_header(header: str) -> bool:
    """Whether a header names an e-mail address of the person."""
    return ALIASES.get(normalise_header(header), ("", 0))[0] == "email"
