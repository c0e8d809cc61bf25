//! Which companions come with the scripts of a run, and their bytes: found step by step, without input
//! and output.
//!
//! A script is *open* until its companions are chosen: what it loads is not followed before, because it
//! may turn out that it stays external. What is needed for that is read from the vendor cache if the
//! lockfile knows it, and is downloaded otherwise.

mod found;
mod lacks;
mod part;
mod reasons;
mod script;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use nodejs_semver::{Range, Version};

pub use self::{
    found::{CompanionFile, CompanionFolder, FoundCompanions},
    lacks::{Lacks, WantedPackage},
    script::CompanionScript,
};

use self::{
    lacks::{Obstacle, failed},
    part::{Folder, Listed, Part, part},
    reasons::{UNKNOWN, no_place, no_place_for, with_knob},
    script::Origin,
};
use crate::{
    companions::{
        CompanionPackage, Facts, Override, PackageFiles, Place, Script, Want, edited, is_wanted,
        path_of_list, select, select_from,
    },
    lockfile::{CHOSEN_BY_RECIPE, Companions, Lockfile},
    npm::{Licence, Package},
    obtain::ObtainError,
    reference::SubresourceUrl,
    store::Cached,
    vendor_path::VendorPath,
};

/// What a package or a folder of a CDN holds, and the list of it.
type ListedPackage = (Holding, Listed);

/// Files that were downloaded.
#[derive(Debug)]
enum Holding {
    /// An npm package.
    Package(Arc<Package>),
    /// Files of a CDN, by their paths inside its folder.
    Files(BTreeMap<String, Vec<u8>>),
}

impl Holding {
    /// The bytes of the files at `paths`.
    fn bytes_of(&self, paths: &BTreeSet<&str>) -> Option<BTreeMap<String, Vec<u8>>> {
        match self {
            Self::Package(package) => package.bytes_of(paths).ok(),
            Self::Files(files) => {
                let file = |path: &&str| Some(((*path).to_owned(), files.get(*path)?.clone()));
                paths.iter().map(file).collect()
            }
        }
    }

    fn licence(&self) -> Option<Arc<Licence>> {
        match self {
            Self::Package(package) => Some(package.licence()),
            Self::Files(_) => None,
        }
    }
}

/// What was decided about one script.
#[derive(Debug)]
pub enum Settled {
    /// Its companions come along, if it has any.
    Vendored,
    /// It stays external, for this reason.
    External(String),
    /// Its companions cannot be had.
    Failed(Arc<ObtainError>),
}

/// The search for companions.
#[derive(Debug)]
pub struct CompanionSearch<'a> {
    lock: &'a Lockfile,
    /// The most bytes that come without a recipe.
    limit: u64,
    open: BTreeMap<SubresourceUrl, CompanionScript>,
    settled: BTreeMap<SubresourceUrl, (CompanionScript, Vec<Part>)>,
    facts: Facts,
    known: BTreeSet<Want>,
    /// By folder; `None` if the vendor cache does not have the locked list.
    lists: BTreeMap<String, Option<Arc<PackageFiles>>>,
    cached: BTreeMap<VendorPath, Option<Vec<u8>>>,
    packages: BTreeMap<WantedPackage, Result<ListedPackage, Arc<ObtainError>>>,
}

impl<'a> CompanionSearch<'a> {
    /// Nothing is open.
    pub fn new(lock: &'a Lockfile, limit: u64) -> Self {
        Self {
            lock,
            limit,
            open: BTreeMap::new(),
            settled: BTreeMap::new(),
            facts: Facts::default(),
            known: BTreeSet::new(),
            lists: BTreeMap::new(),
            cached: BTreeMap::new(),
            packages: BTreeMap::new(),
        }
    }

    /// With what is known of the pages already.
    pub fn with_facts(mut self, wants: BTreeSet<Want>, facts: Facts) -> Self {
        self.supply_facts(wants, facts);
        self
    }

    /// Opens a script, once.
    pub fn add(&mut self, script: CompanionScript) {
        if !self.settled.contains_key(&script.url) {
            self.open.insert(script.url.clone(), script);
        }
    }

    /// Whether the companions of a script are still to be chosen.
    pub fn is_open(&self, url: &SubresourceUrl) -> bool {
        self.open.contains_key(url)
    }

    /// Settles every script that can be settled, and says what became of it.
    pub fn settle(&mut self) -> Vec<(SubresourceUrl, Settled)> {
        let outcome = |script: &CompanionScript| match self.parts(script) {
            Ok(parts) => Some((parts, Settled::Vendored)),
            Err(Obstacle::External(reason)) => {
                Some((Vec::new(), Settled::External(with_knob(reason, script))))
            }
            Err(Obstacle::Failed(error)) => Some((Vec::new(), Settled::Failed(error))),
            Err(_) => None,
        };
        let outcomes = self.open.values().filter_map(|it| Some((it.url.clone(), outcome(it)?)));
        let mut all = Vec::new();
        for (url, (parts, settled)) in outcomes.collect::<Vec<_>>() {
            if let Some(script) = self.open.remove(&url) {
                self.settled.insert(url.clone(), (script, parts));
            }
            all.push((url, settled));
        }
        all.extend(self.give_up().into_iter().map(|(url, error)| (url, Settled::Failed(error))));
        all
    }

    /// Gives up the companions that were chosen and whose bytes cannot be had. Each script is told once.
    fn give_up(&mut self) -> Vec<(SubresourceUrl, Arc<ObtainError>)> {
        let mut failed = Vec::new();
        for folder in self.folders().into_values() {
            if let Some(Obstacle::Failed(error)) = self.lacking_bytes(&folder) {
                failed.extend(folder.scripts.into_iter().map(|url| (url, error.clone())));
            }
        }
        for (url, _) in &failed {
            self.settled.entry(url.clone()).and_modify(|(_, parts)| parts.clear());
        }
        failed
    }

    /// What is to be known next.
    pub fn lacks(&self) -> Lacks {
        let mut lacks = Lacks::default();
        for script in self.open.values() {
            if let Err(obstacle) = self.parts(script) {
                lacks.add(self.lock, obstacle, [&script.url]);
            }
        }
        for folder in self.folders().values() {
            if let Some(obstacle) = self.lacking_bytes(folder) {
                lacks.add(self.lock, obstacle, &folder.scripts);
            }
        }
        lacks
    }

    /// Supplies what the pages say of `wants`.
    pub fn supply_facts(&mut self, wants: BTreeSet<Want>, facts: Facts) {
        self.facts.merge(facts);
        self.known.extend(wants);
    }

    /// Supplies the locked list of a package's files; `None` if there is none with the locked digest.
    pub fn supply_list(&mut self, folder: String, text: Option<&str>) {
        let digest = self.lock.companions(&folder).map(|block| &block.package_files);
        let is_locked =
            |text: &&str| digest.is_some_and(|it| PackageFiles::digest_of_text(text) == *it);
        let list = text.filter(is_locked).and_then(PackageFiles::parse);
        self.lists.insert(folder, list.map(Arc::new));
    }

    /// Supplies a file of the vendor cache.
    pub fn supply_file(&mut self, path: VendorPath, cached: Cached) {
        let bytes = match cached {
            Cached::Present(bytes) => Some(bytes),
            Cached::Missing | Cached::Tampered(_) => None,
        };
        self.cached.insert(path, bytes);
    }

    /// Supplies a package.
    pub fn supply_package(
        &mut self,
        wanted: WantedPackage,
        package: Result<Arc<Package>, ObtainError>,
    ) {
        let answer = package.map_err(Arc::new).map(|package| {
            let files = Arc::new(PackageFiles::new(package.files.clone()));
            let (id, tarball) = (package.id(), Some(package.tarball_integrity.clone()));
            (Holding::Package(package), Listed { id, tarball, files })
        });
        self.packages.insert(wanted, answer);
    }

    /// Supplies files of a CDN's folder.
    pub fn supply_cdn_files(
        &mut self,
        wanted: WantedPackage,
        files: Result<BTreeMap<String, Vec<u8>>, ObtainError>,
    ) {
        let WantedPackage::Cdn { folder, .. } = &wanted else { return };
        let answer = files.map_err(Arc::new).map(|bytes| {
            let files = Arc::new(PackageFiles::of_bytes(&bytes));
            (Holding::Files(bytes), Listed { id: folder.to_string(), tarball: None, files })
        });
        self.packages.insert(wanted, answer);
    }

    /// The companions of every folder of which all bytes are there.
    pub fn finish(self) -> FoundCompanions {
        let folders = self.folders().into_values();
        let folders = folders.filter_map(|folder| self.complete(folder)).collect();
        let edit = |script: &CompanionScript| {
            let recipe = script.recipe.filter(|recipe| recipe.has_edits())?;
            Some((recipe, script.origin.as_ref()?.path.clone()))
        };
        let scripts = self.settled.values().filter(|(_, parts)| !parts.is_empty());
        let edits = scripts.filter_map(|(script, _)| Some((script.url.clone(), edit(script)?)));
        let edits = edits.collect();
        let recipes = self.settled.iter().filter_map(|(url, (it, _))| Some((url, it.recipe?)));
        let external = recipes.map(|(url, recipe)| (url.clone(), recipe.external())).collect();
        FoundCompanions { folders, edits, external }
    }

    fn complete(&self, folder: Folder) -> Option<CompanionFolder> {
        let bytes = self.bytes(&folder)?;
        let licence = self.holding_of(&folder).and_then(Holding::licence);
        let Folder { place, listed, chosen_by, scripts, .. } = folder;
        let recipe = scripts.iter().find_map(|url| self.settled.get(url)?.0.recipe);
        let file = |(name, upstream): (String, Vec<u8>)| {
            let edited = recipe.and_then(|it| edited(it, &name, &upstream, |_| None).ok()?);
            let path = place.file(&name)?;
            Some((name, CompanionFile { path, upstream, edited }))
        };
        let files = bytes.into_iter().map(file).collect::<Option<_>>()?;
        Some(CompanionFolder {
            place,
            licence,
            list: path_of_list(&listed.id).map(|path| (path, listed.files.to_text())),
            package: listed.id,
            tarball: listed.tarball,
            chosen_by,
            package_files: listed.files,
            files,
            scripts,
        })
    }

    /// The companions that were chosen, by the folders they lie in.
    fn folders(&self) -> BTreeMap<Place, Folder> {
        let mut folders: BTreeMap<Place, Folder> = BTreeMap::new();
        for (script, parts) in self.settled.values() {
            for part in parts {
                let new = || Folder::new(part.place.clone(), part.listed.clone());
                let folder = folders.entry(part.place.clone()).or_insert_with(new);
                folder.chosen_by.insert(part.chosen_by.clone());
                folder.files.extend(part.files.iter().cloned());
                folder.scripts.insert(script.url.clone());
            }
        }
        // Scripts of one folder may name different files of the CDN: they are downloaded together.
        for folder in folders.values_mut().filter(|folder| !folder.lists_all()) {
            if let Some(Ok((_, listed))) = self.packages.get(&folder.wanted()) {
                folder.listed = listed.clone();
            }
        }
        folders
    }

    /// What is needed before all bytes of a folder are there.
    fn lacking_bytes(&self, folder: &Folder) -> Option<Obstacle> {
        if !folder.lists_all() {
            return Some(self.package_or_failure(folder));
        }
        if self.holding_of(folder).is_some() {
            return None;
        }
        let is_unread = |path: &VendorPath| !self.cached.contains_key(path);
        let unread = folder.placed().filter(|(_, place, _)| is_unread(place));
        let unread: Vec<_> = unread.map(|(_, place, file)| (place, file.clone())).collect();
        if !unread.is_empty() {
            return Some(Obstacle::Files(unread));
        }
        let is_missing = |path: &VendorPath| matches!(self.cached.get(path), Some(None));
        let mut placed = folder.placed();
        placed.any(|(_, place, _)| is_missing(&place)).then(|| self.package_or_failure(folder))
    }

    /// The bytes of all companions in a folder, by their paths in the package.
    fn bytes(&self, folder: &Folder) -> Option<BTreeMap<String, Vec<u8>>> {
        if let Some(package) = self.holding_of(folder) {
            let paths = folder.files.iter().map(String::as_str).collect();
            return package.bytes_of(&paths);
        }
        let bytes = |(path, place, _): (&str, VendorPath, _)| {
            Some((path.to_owned(), self.cached.get(&place)?.clone()?))
        };
        folder.placed().map(bytes).collect()
    }

    fn package_with_id(&self, id: &str) -> Option<&Holding> {
        let packages = self.packages.values().filter_map(|answer| answer.as_ref().ok());
        let mut with_id = packages.filter(|(_, listed)| listed.id == id);
        with_id.next().map(|(holding, _)| holding)
    }

    /// What was downloaded and holds the files of a folder, with the bytes that are listed.
    fn holding_of(&self, folder: &Folder) -> Option<&Holding> {
        let packages = self.packages.values().filter_map(|answer| answer.as_ref().ok());
        let mut same = packages.filter(|(_, listed)| folder.agrees_with(listed));
        same.next().map(|(holding, _)| holding)
    }

    /// What is needed for the files of a folder. They were chosen already, so that it is too late for the
    /// script to stay external.
    fn package_or_failure(&self, folder: &Folder) -> Obstacle {
        let wanted = folder.wanted();
        match self.packages.get(&wanted) {
            None => Obstacle::Package(wanted),
            Some(Err(error)) => Obstacle::Failed(error.clone()),
            Some(Ok((_, received))) => {
                let locked = folder.listed.digest();
                Obstacle::Failed(Arc::new(other_files(&folder.listed.id, locked, received)))
            }
        }
    }

    /// The companions of a script, by the packages they come from.
    fn parts(&self, script: &CompanionScript) -> Result<Vec<Part>, Obstacle> {
        let of_package = match &script.origin {
            Some(origin) => self.parts_of_packages(script, origin),
            None => Err(Obstacle::External(UNKNOWN.to_owned())),
        };
        match (of_package, script.named_files()) {
            (Err(Obstacle::External(_)), Some(files)) => self.part_of_cdn(script, files),
            (of_package, _) => of_package,
        }
    }

    /// Files beside the script that the user has named one by one, from the CDN itself.
    fn part_of_cdn(
        &self,
        script: &CompanionScript,
        files: BTreeSet<String>,
    ) -> Result<Vec<Part>, Obstacle> {
        let no_place = || Obstacle::External(no_place(&script.url));
        let place = script.place.as_ref().ok_or_else(no_place)?;
        let folder = script.url.as_url().join(".").ok().and_then(|url| url.try_into().ok());
        let folder: SubresourceUrl = folder.ok_or_else(no_place)?;
        let block = self.lock.companions(&place.folder);
        let block = block.filter(|block| block.package == folder.as_str());
        let wanted = WantedPackage::Cdn { folder, files: files.clone() };
        let listed = self.known_or_locked(wanted.clone(), block)?;
        if files.iter().any(|path| listed.files.get(path).is_none()) {
            return Err(Obstacle::Package(wanted)); // the rule names other files than it did
        }
        if let Some(path) = files.iter().find(|path| place.file(path).is_none()) {
            return Err(Obstacle::External(no_place_for(path)));
        }
        Ok(vec![Part { place: place.clone(), listed, chosen_by: chooser(script), files }])
    }

    fn parts_of_packages(
        &self,
        script: &CompanionScript,
        origin: &Origin,
    ) -> Result<Vec<Part>, Obstacle> {
        let no_place = || Obstacle::External(no_place(&script.url));
        let place = origin.place.as_ref().ok_or_else(no_place)?;
        let asked = Script { path: &origin.path, query: script.url.as_url().query() };
        let wants = script.recipe.map(|recipe| recipe.wants()).unwrap_or_default();
        self.facts_of(wants)?;
        let listed = self.listed(&origin.package, &origin.version, place)?;
        let sizes = listed.files.sizes();
        let outcome = select(&sizes, asked, script.recipe, &self.facts, &script.wish, self.limit);
        let mut parts = Vec::from_iter(part(outcome, place, listed, chooser(script))?);
        if matches!(script.wish, Override::Automatic | Override::All) {
            for other in script.recipe.into_iter().flat_map(|recipe| recipe.packages()) {
                parts.extend(self.part_of(other, asked, place, chooser(script))?);
            }
        }
        self.try_edits(script, origin, &parts)?;
        Ok(parts)
    }

    /// The companions that come from another package than the script's own.
    fn part_of(
        &self,
        other: CompanionPackage<'_>,
        asked: Script<'_>,
        place: &Place,
        chosen_by: String,
    ) -> Result<Option<Part>, Obstacle> {
        if !is_wanted(other, asked, &self.facts) {
            return Ok(None);
        }
        let place = place.of_package_in(other.place());
        let place = place.ok_or_else(|| Obstacle::External(UNKNOWN.to_owned()))?;
        let listed = self.listed(other.package(), &other.versions().to_string(), &place)?;
        let outcome = select_from(other, &listed.files.sizes(), asked, &self.facts);
        part(outcome, &place, listed, chosen_by)
    }

    fn facts_of(&self, wants: BTreeSet<Want>) -> Result<(), Obstacle> {
        let unknown: BTreeSet<_> =
            wants.into_iter().filter(|it| !self.known.contains(it)).collect();
        if unknown.is_empty() { Ok(()) } else { Err(Obstacle::Facts(unknown)) }
    }

    /// The files of a package: the one that is locked for this place if its version fits.
    fn listed(&self, name: &str, versions: &str, place: &Place) -> Result<Listed, Obstacle> {
        let block = self.lock.companions(&place.folder);
        let block = block.filter(|block| is_version_of(&block.package, name, versions));
        let wanted = match block {
            Some(block) => WantedPackage::of_id(&block.package),
            None => WantedPackage::Npm { name: name.to_owned(), version: versions.to_owned() },
        };
        self.known_or_locked(wanted, block)
    }

    /// The files of a package or of a folder, as they were downloaded or as the vendor cache lists them.
    /// `block` is the one that locks them.
    fn known_or_locked(
        &self,
        wanted: WantedPackage,
        block: Option<&Companions>,
    ) -> Result<Listed, Obstacle> {
        match (self.packages.get(&wanted), block) {
            (Some(Err(error)), _) => Err(failed(error)),
            (Some(Ok((_, listed))), Some(block)) if is_other(listed, block) => {
                let files = block.package_files.to_string();
                let locked = block.tarball.clone().unwrap_or(files);
                Err(Obstacle::Failed(Arc::new(other_files(&block.package, locked, listed))))
            }
            (Some(Ok((_, listed))), _) => Ok(listed.clone()),
            (None, None) => Err(Obstacle::Package(wanted)),
            (None, Some(block)) => match self.lists.get(&block.folder) {
                None => Err(Obstacle::List(block.folder.clone())),
                Some(None) => Err(Obstacle::Package(wanted)),
                Some(Some(files)) => {
                    let (id, tarball) = (block.package.clone(), block.tarball.clone());
                    Ok(Listed { id, tarball, files: files.clone() })
                }
            },
        }
    }

    /// Makes sure that every file of a downloaded package that has to be edited can be.
    fn try_edits(
        &self,
        script: &CompanionScript,
        origin: &Origin,
        parts: &[Part],
    ) -> Result<(), Obstacle> {
        let Some(recipe) = script.recipe.filter(|recipe| recipe.has_edits()) else { return Ok(()) };
        for part in parts {
            let Some(package) = self.package_with_id(&part.listed.id) else { continue };
            let own = part.listed.id == format!("{}@{}", origin.package, origin.version);
            let files = part.files.iter().map(String::as_str);
            let paths = files.chain(own.then_some(origin.path.as_str())).collect();
            let bytes = package.bytes_of(&paths).unwrap_or_default();
            for (path, bytes) in bytes {
                edited(recipe, &path, &bytes, |_| None)
                    .map_err(|error| Obstacle::External(error.to_string()))?;
            }
        }
        Ok(())
    }
}

/// Whether `id` is the package `name` in a version that `versions` allows.
fn is_version_of(id: &str, name: &str, versions: &str) -> bool {
    let Some((package, version)) = id.rsplit_once('@') else { return false };
    let satisfies = || {
        let range = Range::parse(versions).ok()?;
        Some(range.satisfies(&Version::parse(version).ok()?))
    };
    package == name && (version == versions || satisfies().unwrap_or(false))
}

/// Whether other files were downloaded than the block locks. A rule may name others of a CDN's folder.
fn is_other(listed: &Listed, block: &Companions) -> bool {
    let has_same_files = || listed.files.sizes().len() == block.count;
    match (&listed.tarball, &block.tarball) {
        (None, None) => has_same_files() && listed.files.digest() != block.package_files,
        (received, locked) => received != locked,
    }
}

/// Other files than the locked ones were received.
fn other_files(package: &str, locked: String, received: &Listed) -> ObtainError {
    ObtainError::OtherPackage { package: package.to_owned(), locked, received: received.digest() }
}

/// What chooses the companions of a script, as the lockfile says it.
fn chooser(script: &CompanionScript) -> String {
    match (&script.wish, script.recipe) {
        (Override::Automatic, Some(recipe)) => format!("{CHOSEN_BY_RECIPE}{}", recipe.id()),
        (Override::Automatic, None) => "own folder".to_owned(),
        (Override::All, _) => "all".to_owned(),
        (Override::Globs(_), _) => "rule".to_owned(),
        (Override::None, _) => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests;
